//! What happens to slots, from the moment they come to their rows: what is decided about
//! them is carried out, and what was passed over is settled in the database.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::model::{Clock, RunId};
use crate::report::Metrics;
use crate::scheduler::background::SideWork;
use crate::scheduler::background::release_checks::ReleaseAnswer;
use crate::scheduler::dispatch::by_hand::{EndedByHand, RunsByHand};
use crate::scheduler::dispatch::dispatcher::{Dispatcher, EndedStart};
use crate::scheduler::planning::due_slots::Timeline;
use crate::scheduler::planning::planner::{Planner, SlotEvent};
use crate::scheduler::planning::rows::Circumstances;
use crate::scheduler::planning::situation::Situation;
use crate::scheduler::planning::unsettled::Unsettled;
use crate::scheduler::status::Status;
use crate::store::{PassedSlot, Store};

/// The slots of one scheduler.
pub(crate) struct Slots {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) status: Status,
    pub(crate) planner: Planner,
    pub(crate) unsettled: Unsettled,
    pub(crate) dispatcher: Box<dyn Dispatcher>,
    pub(crate) by_hand: RunsByHand,
    ends_by_hand: mpsc::UnboundedReceiver<EndedByHand>,
    pub(crate) side_work: SideWork,
}

/// Who starts runs: those of slots, and those that are asked for, with where these tell their ends.
pub(crate) struct Starters {
    pub(crate) dispatcher: Box<dyn Dispatcher>,
    pub(crate) by_hand: (RunsByHand, mpsc::UnboundedReceiver<EndedByHand>),
}

/// Something that was begun has ended.
pub(crate) enum SlotNews {
    Ended(EndedStart),
    Checked(ReleaseAnswer),
    EndedByHand(EndedByHand),
}

impl Slots {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        starters: Starters,
        side_work: SideWork,
        status: Status,
    ) -> Self {
        Self {
            store,
            clock,
            metrics,
            status,
            planner: Planner::new(|now| RunId::at(now, fastrand::u32(..))),
            unsettled: Unsettled::default(),
            dispatcher: starters.dispatcher,
            by_hand: starters.by_hand.0,
            ends_by_hand: starters.by_hand.1,
            side_work,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks at the timetable: what has come is dealt with.
    pub(crate) async fn tick(&mut self, timeline: &mut Timeline<'_, '_>, situation: &mut Situation<'_, '_>) {
        let now = self.now();
        let due = timeline.tick(now);
        if !due.is_empty() {
            self.read_pauses(&mut situation.circumstances).await;
            self.decide(situation, SlotEvent::Due(due));
            self.settle().await;
        }
        self.status.set_ticked(now, timeline.next());
    }

    /// How much was begun, for slots and by hand, and has not ended.
    pub(crate) fn count_begun(&self) -> usize {
        self.dispatcher.count() + self.by_hand.count() + self.side_work.release_checks.count_waiting()
    }

    /// The next thing that ends; waits for ever while there is none. Safe to drop.
    pub(crate) async fn next_news(&mut self) -> SlotNews {
        tokio::select! {
            ended = self.dispatcher.next_end() => SlotNews::Ended(ended),
            answer = self.side_work.next_answer() => SlotNews::Checked(answer),
            Some(ended) = self.ends_by_hand.recv() => SlotNews::EndedByHand(ended),
        }
    }

    /// Something has ended: what follows is judged by what is so now.
    pub(crate) async fn handle(&mut self, news: SlotNews, situation: &mut Situation<'_, '_>) {
        self.read_pauses(&mut situation.circumstances).await;
        match news {
            // It stands for no slot: nothing follows from it.
            SlotNews::EndedByHand(ended) => {
                self.by_hand.acknowledge(&ended);
                if let Some(success) = ended.success {
                    self.side_work.report_run(success);
                }
            }
            SlotNews::Ended(EndedStart { key, slot, end }) => {
                let end = self.report_end(&key, slot, end);
                self.decide(situation, SlotEvent::Ended { key, slot, end });
            }
            SlotNews::Checked(ReleaseAnswer {
                slots,
                release,
                source,
            }) => {
                self.side_work.release_checks.acknowledge(slots.len());
                for (key, slot) in slots {
                    let (release, source) = (release.clone(), source.clone());
                    let checked = SlotEvent::ReleasesChecked {
                        key,
                        slot,
                        release,
                        source,
                    };
                    self.decide(situation, checked);
                }
            }
        }
        self.settle().await;
    }

    fn decide(&mut self, situation: &mut Situation<'_, '_>, event: SlotEvent) {
        let now = self.now();
        situation.claimed = self.dispatcher.claimed();
        let decisions = self.planner.decide(situation, event, now);
        self.carry_out(decisions);
    }

    async fn read_pauses(&self, circumstances: &mut Circumstances) {
        match self.store.pauses().await {
            Ok(pauses) => {
                circumstances.pauses = pauses;
                self.status.set_database_error(None);
            }
            // Those that are known still hold; nothing can be claimed now in any case.
            Err(error) => self.status.set_database_error(Some(&error)),
        }
    }

    /// All that waits is left to the next scheduler.
    pub(crate) fn leave_waiting(&mut self) {
        let (queues, claimed) = (&self.planner.queues, self.dispatcher.claimed());
        self.unsettled
            .leave_held(|key| queues.first_unclaimed(key, &claimed));
        self.planner.queues.clear_waiting();
    }

    /// Writes down what was passed over. What the database cannot take now, it is given again
    /// later.
    pub(crate) async fn settle(&mut self) {
        let (queues, claimed) = (&self.planner.queues, self.dispatcher.claimed());
        let ready = self
            .unsettled
            .take_ready(|key| queues.first_unclaimed(key, &claimed));
        if ready.is_empty() {
            return;
        }
        let slots: Vec<PassedSlot> = ready.iter().map(|(_, passed)| passed.clone()).collect();
        match self.store.pass_over(&slots, self.now()).await {
            Ok(_) => self.status.set_database_error(None),
            Err(error) => {
                self.unsettled.put_back(ready);
                self.status.set_database_error(Some(&error));
            }
        }
    }
}
