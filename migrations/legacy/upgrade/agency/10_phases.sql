-- A phase is of its roadmap's project.
-- phase: backfill
-- if open: "roadmap_phases".project_id
-- lock: ROW EXCLUSIVE on roadmap_phases

update agency.roadmap_phases p
set project_id = r.project_id
from agency.roadmaps r
where p.project_id is null and r.id = p.roadmap_id;
