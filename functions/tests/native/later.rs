//! What is done when nobody waits: effects that a request left, and events that came in.

mod apply;
mod events;
mod faults;
mod late;
mod load;
mod seller;
