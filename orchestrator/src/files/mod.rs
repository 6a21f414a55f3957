//! Files of our own. What we make has its own mode, whatever the umask of our caller is (and
//! that stays as it is: collectors inherit it); what is there is tightened; a lock is waited
//! for with a limit; and who is in the way is named. Knows no path: those are `rundir`'s.

pub(crate) mod append;
pub(crate) mod daily_log;
pub(crate) mod denied;
pub(crate) mod holder;
pub(crate) mod lack_of_means;
pub(crate) mod lock;
pub(crate) mod make;
pub(crate) mod mode;
pub(crate) mod tighten;
pub(crate) mod touch;

pub(crate) use append::append_line;
pub(crate) use daily_log::DailyLog;
pub(crate) use denied::{NotPermitted, check_readable, is_home, name_owner, our_uid};
pub(crate) use holder::{LockHolder, stranger_with_lock};
pub(crate) use lack_of_means::is_lack_of_means;
pub(crate) use lock::{LockWait, lock_patiently};
pub(crate) use make::{FileUse, create_new, make_fifo, make_folder, make_new_folder, open_or_create, write};
pub(crate) use mode::{set_state_mode, state_mode};
pub(crate) use tighten::{LeftOpen, NodeKind, OpenFolder, Tightened};
pub(crate) use touch::touch;
