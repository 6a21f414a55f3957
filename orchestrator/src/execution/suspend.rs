//! Ctrl-Z. The terminal stops its foreground process group, and collectors are not in it: they are
//! stopped first, with their clocks, and then we are. What nobody can see before it happens, a
//! SIGSTOP from elsewhere, stops only us; collectors go on and their output waits in the pipes.

use std::io;

use crate::engine::TerminalStops;
use crate::execution::executor::Executor;
use crate::process::stop_until_continued;

impl Executor {
    /// From now on SIGTSTP pauses what runs before it stops this process, and SIGCONT lets both
    /// go on. To be called in a runtime.
    ///
    /// # Errors
    /// The handler cannot be installed.
    pub fn obey_terminal_stops(&self) -> io::Result<()> {
        let Some(mut stops) = TerminalStops::hear()? else {
            return Ok(());
        };
        let fork_server = self.engine.launcher.fork_server.clone();
        tokio::spawn(async move {
            loop {
                stops.next().await;
                fork_server.pause().await;
                if let Err(error) = stop_until_continued() {
                    tracing::warn!("cannot stop: {error}");
                }
                // A Ctrl-Z that came before the first one had stopped us is that one. What comes
                // when collectors go on is another.
                let again = TerminalStops::hear();
                fork_server.resume();
                match again {
                    Ok(Some(again)) => stops = again,
                    Ok(None) => return,
                    Err(error) => return tracing::warn!("Ctrl-Z is not heard any more: {error}"),
                }
            }
        });
        Ok(())
    }
}
