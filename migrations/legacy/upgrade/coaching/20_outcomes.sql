-- An outcome without an account has that of the message it came from.
-- phase: backfill
-- if open: "Coaching_Outcomes".account_id
-- lock: ROW EXCLUSIVE on "Coaching_Outcomes"

update coaching."Coaching_Outcomes" o
set account_id = m.account_id
from coaching."Coaching_Messages" m
where o.account_id is null and m.id = o.coaching_message_id;
