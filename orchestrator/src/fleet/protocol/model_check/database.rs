//! The database as the protocol is promised it: every method is one transaction. Time is
//! counted in ticks, and only as far as it still makes a difference.

use std::fmt;

use super::super::input::{ClaimReply, Grant, OnLost, Reply};
use super::super::lease::Lease;
use super::super::terms::{Epoch, Fence, MessageId, Sequence, Verdict, Write};
use super::asked::note;
use super::{LEASE, RUNS, TASKS, TICK};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ModelRunState {
    Queued,
    Running,
    Ended,
}

/// The row of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ModelRun {
    pub state: ModelRunState,
    pub epoch: i32,
    pub lease_left: u8,
    /// How many of its tasks are settled.
    pub recorded: u8,
    /// The task behind those has delivered.
    pub delivered: bool,
    pub losses: u8,
    pub ends: u8,
}

/// Its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ModelMessage {
    pub read_ct: i32,
    pub hidden_for: u8,
    /// A fault: shown although another run of the entry comes first.
    pub out_of_turn: bool,
}

/// Both runs are of one entry, the first one enqueued first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct ModelDatabase {
    pub runs: [Option<ModelRun>; RUNS],
    pub messages: [Option<ModelMessage>; RUNS],
}

impl ModelDatabase {
    /// A slot, its run and its message, once: the slot is unique.
    pub(super) fn enqueue(&mut self, run: usize) {
        self.insert(run);
        note(|| format!("enqueue {run} -> done | {self}"));
    }

    fn insert(&mut self, run: usize) {
        if self.runs[run].is_some() {
            return;
        }
        self.runs[run] = Some(ModelRun {
            state: ModelRunState::Queued,
            epoch: 0,
            lease_left: 0,
            recorded: 0,
            delivered: false,
            losses: 0,
            ends: 0,
        });
        self.messages[run] = Some(ModelMessage {
            read_ct: 0,
            hidden_for: 0,
            out_of_turn: false,
        });
    }

    /// Whether a read would bring this message: the head of its group, or what a fault shows.
    pub(super) fn is_visible(&self, run: usize) -> bool {
        self.messages[run].is_some_and(|message| {
            let is_head = self.messages[..run].iter().all(Option::is_none);
            let is_in_turn = is_head && !self.is_kept_out(run);
            message.hidden_for == 0 && (is_in_turn || message.out_of_turn)
        })
    }

    /// Whether another run of the entry is running, as far as its lease says. Workers would
    /// read the message now and then and be refused: that changes nothing.
    fn is_kept_out(&self, run: usize) -> bool {
        let runs = self.runs.iter().enumerate().filter(|(other, _)| *other != run);
        runs.filter_map(|(_, row)| row.as_ref())
            .any(|row| row.state == ModelRunState::Running && row.lease_left > 0)
    }

    /// Reads it.
    pub(super) fn read(&mut self, run: usize) -> Option<Fence> {
        let message = self.messages[run].as_mut()?;
        let turn = if message.out_of_turn {
            "out_of_turn"
        } else {
            "in_turn"
        };
        message.read_ct += 1;
        message.hidden_for = LEASE;
        message.out_of_turn = false;
        let epoch = message.read_ct;
        note(|| format!("read {run} {turn} -> {epoch} | {self}"));
        Some(Fence {
            message: message_of(run),
            epoch: Epoch(epoch),
        })
    }

    pub(super) fn show_again(&mut self, run: usize) {
        if let Some(message) = &mut self.messages[run] {
            message.hidden_for = 0;
            message.out_of_turn = true;
        }
        note(|| format!("show_again {run} -> done | {self}"));
    }

    pub(super) fn claim(&mut self, fence: Fence) -> ClaimReply {
        let reply = self.decide_claim(fence);
        let said = match reply {
            ClaimReply::Granted(grant) => format!("granted {}", grant.losses),
            ClaimReply::Refused | ClaimReply::Lost => "refused".to_owned(),
        };
        note(|| format!("claim {} -> {said} | {self}", word(fence)));
        reply
    }

    fn decide_claim(&mut self, fence: Fence) -> ClaimReply {
        let run = run_of(fence);
        let Some(mut row) = self.runs[run] else {
            return ClaimReply::Refused;
        };
        let is_running = row.state == ModelRunState::Running;
        if row.state == ModelRunState::Ended {
            self.messages[run] = None;
            return ClaimReply::Refused;
        }
        if fence.epoch.0 < row.epoch || fence.epoch.0 == row.epoch && !is_running {
            return ClaimReply::Refused;
        }
        let is_again = fence.epoch.0 == row.epoch;
        if is_running && !is_again && row.lease_left > 0 {
            self.hide(run, row.lease_left);
            return ClaimReply::Refused;
        }
        if !is_again && self.is_kept_out(run) {
            self.hide(run, 0);
            return ClaimReply::Refused;
        }
        self.push_back_lost(run);
        if is_running && !is_again {
            row.losses += 1;
        }
        if row.delivered {
            row.recorded += 1;
            row.delivered = false;
        }
        row.state = ModelRunState::Running;
        row.epoch = fence.epoch.0;
        row.lease_left = LEASE;
        self.runs[run] = Some(row);
        self.hide(run, LEASE);
        ClaimReply::Granted(Grant {
            lease: Lease::new(TICK * u32::from(LEASE)),
            recorded: Sequence(u64::from(row.recorded)),
            losses: u32::from(row.losses),
            on_lost: if run == 0 {
                OnLost::Resume { losses: 2 }
            } else {
                OnLost::Fail
            },
            cancelled: None,
        })
    }

    /// A run whose lease has passed keeps no other of its entry out: its message may not be
    /// the head, and then nobody would be shown it.
    fn push_back_lost(&mut self, run: usize) {
        for (other, row) in self.runs.iter_mut().enumerate() {
            if let Some(row) = row
                && other != run
                && row.state == ModelRunState::Running
            {
                row.state = ModelRunState::Queued;
                row.losses += 1;
            }
        }
    }

    /// `is_fenced` is what it should always be; planted errors leave it out.
    pub(super) fn renew(&mut self, fence: Fence, is_fenced: bool) -> Reply {
        let reply = self.decide_renewal(fence, is_fenced);
        note(|| format!("renew {} -> {} | {self}", word(fence), said(reply)));
        reply
    }

    fn decide_renewal(&mut self, fence: Fence, is_fenced: bool) -> Reply {
        let run = run_of(fence);
        let is_over = self.runs[run].is_none_or(|row| row.lease_left == 0);
        if is_fenced && (is_over || !self.stands(fence)) {
            return Reply::Fenced;
        }
        if let Some(row) = self.runs[run]
            .as_mut()
            .filter(|row| row.state == ModelRunState::Running)
        {
            row.lease_left = LEASE;
        }
        self.hide(run, LEASE);
        Reply::Stored
    }

    /// As [`Self::renew`].
    pub(super) fn write(&mut self, fence: Fence, write: Write, is_fenced: bool) -> Reply {
        let reply = self.decide_write(fence, write, is_fenced);
        let what = match write {
            Write::Deliver(task) => format!("deliver {task}"),
            Write::Record(Sequence(upto)) => format!("record {upto}"),
            Write::Finish(Verdict::OfTasks) => "finish".to_owned(),
            Write::Finish(Verdict::Lost) => "give_up".to_owned(),
            Write::Release { lost_attempt: true } => "release lost".to_owned(),
            Write::Release { lost_attempt: false } => "release kept".to_owned(),
        };
        note(|| format!("write {} {what} -> {} | {self}", word(fence), said(reply)));
        reply
    }

    fn decide_write(&mut self, fence: Fence, write: Write, is_fenced: bool) -> Reply {
        let run = run_of(fence);
        let stands = self.stands(fence);
        let Some(row) = &mut self.runs[run] else {
            return Reply::Fenced;
        };
        let is_ours = row.epoch == fence.epoch.0;
        match write {
            Write::Finish(_) if is_ours && row.state == ModelRunState::Ended => return Reply::Stored,
            Write::Release { .. } if is_ours && row.state == ModelRunState::Queued => return Reply::Stored,
            _ if !stands && is_fenced => return Reply::Fenced,
            Write::Deliver(task) => row.delivered |= task == usize::from(row.recorded),
            Write::Record(Sequence(upto)) => {
                if upto > u64::from(row.recorded) {
                    row.recorded = u8::try_from(upto).unwrap_or(TASKS);
                    row.delivered = false;
                }
            }
            Write::Finish(verdict) => {
                if verdict == Verdict::OfTasks {
                    row.recorded = TASKS;
                    row.delivered = false;
                }
                row.state = ModelRunState::Ended;
                row.ends += 1;
                row.lease_left = 0;
                self.messages[run] = None;
            }
            Write::Release { lost_attempt } => {
                row.state = ModelRunState::Queued;
                row.lease_left = 0;
                row.losses += u8::from(lost_attempt);
                self.hide(run, 0);
            }
        }
        Reply::Stored
    }

    /// What only a planted error does: in a transaction of its own.
    pub(super) fn delete(&mut self, fence: Fence) {
        self.messages[run_of(fence)] = None;
    }

    /// A tick of the clock.
    pub(super) fn pass(&mut self) {
        for row in self.runs.iter_mut().flatten() {
            row.lease_left = row.lease_left.saturating_sub(1);
        }
        for message in self.messages.iter_mut().flatten() {
            message.hidden_for = message.hidden_for.saturating_sub(1);
        }
        note(|| format!("pass -> done | {self}"));
    }

    fn stands(&self, fence: Fence) -> bool {
        self.runs[run_of(fence)]
            .is_some_and(|row| row.state == ModelRunState::Running && row.epoch == fence.epoch.0)
    }

    fn hide(&mut self, run: usize, ticks: u8) {
        if let Some(message) = &mut self.messages[run] {
            message.hidden_for = ticks;
        }
    }
}

/// Each run: how it stands, its claim, how many of its tasks are done, how many workers it has lost.
impl fmt::Display for ModelDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (place, run) in self.runs.iter().enumerate() {
            f.write_str(separator)?;
            separator = " ";
            let Some(run) = run else {
                write!(f, "{place}=none")?;
                continue;
            };
            let state = match run.state {
                ModelRunState::Queued => "queued",
                ModelRunState::Running if run.lease_left == 0 => "overdue",
                ModelRunState::Running => "running",
                ModelRunState::Ended => "ended",
            };
            let done = run.recorded + u8::from(run.delivered);
            write!(f, "{place}={state}:{}:{done}:{}", run.epoch, run.losses)?;
        }
        Ok(())
    }
}

fn word(fence: Fence) -> String {
    format!("{}:{}", fence.message.0, fence.epoch.0)
}

fn said(reply: Reply) -> &'static str {
    match reply {
        Reply::Stored => "stored",
        Reply::Fenced => "fenced",
        Reply::Lost => "lost",
        Reply::Refused => "refused",
    }
}

pub(super) fn message_of(run: usize) -> MessageId {
    MessageId(i64::try_from(run).unwrap_or(i64::MAX))
}

pub(super) fn run_of(fence: Fence) -> usize {
    usize::try_from(fence.message.0).unwrap_or(usize::MAX)
}
