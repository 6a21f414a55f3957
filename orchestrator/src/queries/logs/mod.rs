//! What the collectors of a run wrote: whole logs, their tails, one page, or as it comes.
//! Records are handed out as they were written; how they are shown is the caller's.

pub(crate) mod attempt_file;
pub(crate) mod bell;
pub(crate) mod choice;
pub(crate) mod distant;
pub(crate) mod find;
pub(crate) mod follow;
pub(crate) mod jump;
pub(crate) mod kept;
pub(crate) mod line;
pub(crate) mod opened;
pub(crate) mod page;
pub(crate) mod reader;
pub(crate) mod window;

pub(crate) use bell::LogBell;
pub(crate) use choice::{CollectorLog, LogChoice, TaskWord};
pub(crate) use distant::{DistantFollower, FollowError, Heard};
pub(crate) use follow::LogFollower;
pub(crate) use kept::{KeptFile, LogHole};
pub(crate) use line::{LogLine, LogOwner};
pub(crate) use page::{LogPageEnd, PAGE_BYTES, read_kept_page, read_log_page};
pub(crate) use reader::{LogReader, each_record};
