//! One kind of threads, those of the lanes or those for what runs whole: who waits for them, whom they take, whom they have
//! no time for. It decides by what it is told and by the time it is given, and knows neither threads nor clocks.

use super::pace::begins_in;
use super::queue::FairQueue;
use super::stats::Waits;
use super::{Asker, PoolSettings};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a job is left to a thread that has less to do and has not come yet: it may have to wake first.
const PATIENCE: Duration = Duration::from_millis(5);

/// A job that waits.
pub(super) struct Waiting<T> {
    pub(super) job: T,
    pub(super) since: Instant,
    /// What it is expected to take.
    pub(super) time: Duration,
}

/// The threads of one kind, and the queue before them.
pub(super) struct Station<T> {
    /// How many jobs a thread runs at once.
    places: usize,
    queue: usize,
    deadline: Duration,
    waiting: FairQueue<Waiting<T>>,
    /// Jobs that another kind of thread had begun. They go first and are never refused.
    resumed: VecDeque<Waiting<T>>,
    /// By thread: when what it runs is expected to end.
    running: Vec<Vec<Instant>>,
    pub(super) waits: Waits,
    /// Jobs that were refused, made room, or waited too long.
    pub(super) shed: u64,
}

/// What becomes of a job that comes.
#[derive(Debug, PartialEq)]
pub(super) enum Admission<T> {
    Admitted,
    /// Another one makes room for it.
    Instead(T),
    /// It comes back, and there may be room after this time.
    Refused(T, Duration),
}

impl<T> Station<T> {
    pub(super) fn new(places: usize, settings: PoolSettings) -> Self {
        Self {
            places,
            queue: settings.queue,
            deadline: settings.deadline,
            waiting: FairQueue::default(),
            resumed: VecDeque::new(),
            running: vec![Vec::new(); settings.threads.get()],
            waits: Waits::default(),
            shed: 0,
        }
    }

    /// Lets a job wait that is expected to be done by its deadline. Where it is not, one of an asker who has more waiting
    /// makes room; and where there is no such asker, it is refused.
    pub(super) fn admit(&mut self, asker: Asker, new: Waiting<T>) -> Admission<T> {
        let begins = self.begins_in(new.since);
        let done = begins.saturating_add(new.time);
        let is_full = self.queued() + self.running() >= self.all_places() + self.queue;
        if !is_full && (begins.is_zero() || done <= self.deadline) {
            self.waiting.push(asker, new);
            return Admission::Admitted;
        }
        self.shed += 1;
        // One that takes longer than the other would be late in its place.
        if let Some(displaced) = self.waiting.displace(asker, |other| new.time <= other.time) {
            self.waiting.push(asker, new);
            return Admission::Instead(displaced.job);
        }
        // When it could be done in time, or need not wait.
        let later = done.saturating_sub(self.deadline).min(begins);
        let room = if is_full {
            self.ends_in(new.since)
        } else {
            Duration::ZERO
        };
        Admission::Refused(new.job, later.max(room))
    }

    /// Lets a job wait that was begun elsewhere.
    pub(super) fn resume(&mut self, job: Waiting<T>) {
        self.resumed.push_back(job);
    }

    /// A job for this thread, if there is one and no other thread should have it rather. What has waited past its
    /// deadline goes into `shed` instead, where others wait behind it.
    pub(super) fn take(&mut self, thread: usize, now: Instant, shed: &mut Vec<T>) -> Option<T> {
        let own = self.running.get(thread).map_or(usize::MAX, Vec::len);
        if own >= self.places {
            return None;
        }
        let least = self.running.iter().map(Vec::len).min().unwrap_or(0);
        if own > least && self.next().is_none_or(|next| waited(next, now) <= PATIENCE) {
            return None;
        }
        let taken = match self.resumed.pop_front() {
            Some(resumed) => resumed,
            None => self.pop_in_time(now, shed)?,
        };
        let end = now.checked_add(taken.time).unwrap_or(now);
        if let Some(running) = self.running.get_mut(thread) {
            running.push(end);
        }
        self.waits.note(waited(&taken, now));
        Some(taken.job)
    }

    fn pop_in_time(&mut self, now: Instant, shed: &mut Vec<T>) -> Option<Waiting<T>> {
        loop {
            let next = self.waiting.pop()?;
            if waited(&next, now) <= self.deadline || self.waiting.len() == 0 {
                return Some(next);
            }
            self.shed += 1;
            shed.push(next.job);
        }
    }

    fn next(&self) -> Option<&Waiting<T>> {
        self.resumed.front().or_else(|| self.waiting.peek())
    }

    /// What a thread runs now: when each of its jobs is expected to end.
    pub(super) fn runs(&mut self, thread: usize, ends: impl Iterator<Item = Instant>) {
        if let Some(running) = self.running.get_mut(thread) {
            running.clear();
            running.extend(ends);
        }
    }

    /// In what time one more would begin.
    fn begins_in(&self, now: Instant) -> Duration {
        let waiting = self.resumed.iter().chain(self.waiting.iter());
        let running = self.running.iter().flatten().copied();
        begins_in(
            self.all_places(),
            running,
            waiting.map(|waiting| waiting.time),
            now,
        )
    }

    /// In what time the next place will be free.
    fn ends_in(&self, now: Instant) -> Duration {
        let first = self.running.iter().flatten().min();
        first.map_or(Duration::ZERO, |end| end.saturating_duration_since(now))
    }

    pub(super) fn all_places(&self) -> usize {
        self.places * self.running.len()
    }

    pub(super) fn running(&self) -> usize {
        self.running.iter().map(Vec::len).sum()
    }

    pub(super) fn queued(&self) -> usize {
        self.waiting.len() + self.resumed.len()
    }

    /// Takes out whatever waits.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let waiting = self.waiting.drain();
        let all = self.resumed.drain(..).chain(waiting);
        all.map(|waiting| waiting.job).collect()
    }
}

fn waited<T>(waiting: &Waiting<T>, now: Instant) -> Duration {
    now.saturating_duration_since(waiting.since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chacha20::ChaCha8Rng;
    use munjigi_lanes::{Kernel, Kernels};
    use rand_core::{Rng, SeedableRng};
    use std::collections::HashMap;
    use std::num::NonZeroUsize;

    const TIME: Duration = Duration::from_millis(500);
    const DEADLINE: Duration = Duration::from_millis(750);

    /// A station, and the time, which nobody but the test moves.
    struct Scene {
        station: Station<u32>,
        now: Instant,
        shed: Vec<u32>,
    }

    impl Scene {
        fn new(threads: usize, places: usize, queue: usize) -> Self {
            let settings = PoolSettings {
                threads: NonZeroUsize::new(threads).unwrap(),
                queue,
                deadline: DEADLINE,
                kernels: Kernels::only(Kernel::Portable).unwrap(),
            };
            Self {
                station: Station::new(places, settings),
                now: Instant::now(),
                shed: Vec::new(),
            }
        }

        fn pass(&mut self, ms: u64) {
            self.now += Duration::from_millis(ms);
        }

        fn come(&mut self, asker: u128, job: u32) -> Admission<u32> {
            let new = Waiting {
                job,
                since: self.now,
                time: TIME,
            };
            self.station.admit(Asker(asker), new)
        }

        fn comes(&mut self, asker: u128, job: u32) {
            assert_eq!(self.come(asker, job), Admission::Admitted, "{job}");
        }

        fn take(&mut self, thread: usize) -> Option<u32> {
            self.station.take(thread, self.now, &mut self.shed)
        }

        /// All that a thread runs has ended.
        fn ends(&mut self, thread: usize) {
            self.station.runs(thread, std::iter::empty());
        }
    }

    #[test]
    fn the_thread_with_the_least_to_do_takes_a_job_and_another_one_when_it_does_not_come() {
        let mut scene = Scene::new(2, 16, 8);
        scene.comes(1, 1);
        scene.comes(1, 2);
        scene.comes(1, 3);
        assert_eq!(scene.take(0), Some(1));
        assert_eq!(scene.take(0), None, "the other thread has less to do");
        assert_eq!(scene.take(1), Some(2));
        assert_eq!(scene.take(1), Some(3), "both have one");
        scene.comes(1, 4);
        scene.pass(6);
        assert_eq!(scene.take(1), Some(4), "the other one did not come");
        assert_eq!(scene.take(0), None);
        assert_eq!((scene.station.running(), scene.station.queued()), (4, 0));
    }

    #[test]
    fn a_thread_takes_no_more_than_it_has_lanes() {
        let mut scene = Scene::new(1, 2, 8);
        scene.station.deadline = DEADLINE * 2;
        for job in 1..=3 {
            scene.comes(1, job);
        }
        assert_eq!(
            [scene.take(0), scene.take(0), scene.take(0)],
            [Some(1), Some(2), None]
        );
        scene.ends(0);
        assert_eq!(scene.take(0), Some(3));
    }

    #[test]
    fn what_would_not_be_done_by_its_deadline_is_refused_and_told_when_to_come_again() {
        let mut scene = Scene::new(1, 2, 100);
        for job in [1, 2] {
            scene.comes(1, job);
            assert_eq!(scene.take(0), Some(job));
        }
        // It would begin in 500 ms and be done in a second.
        let wait = |ms| Duration::from_millis(ms);
        assert_eq!(scene.come(1, 3), Admission::Refused(3, wait(250)));
        scene.pass(200);
        assert_eq!(scene.come(1, 3), Admission::Refused(3, wait(50)));
        scene.pass(50);
        scene.comes(1, 3);
        scene.comes(1, 4);
        assert_eq!(
            scene.come(1, 5),
            Admission::Refused(5, wait(500)),
            "after the two who wait"
        );
        assert_eq!(scene.station.shed, 3);
    }

    #[test]
    fn who_need_not_wait_is_taken_however_long_it_will_be() {
        let mut scene = Scene::new(1, 2, 0);
        let new = |job, since| Waiting {
            job,
            since,
            time: DEADLINE * 10,
        };
        let now = scene.now;
        assert_eq!(scene.station.admit(Asker(1), new(1, now)), Admission::Admitted);
        assert_eq!(scene.station.admit(Asker(1), new(2, now)), Admission::Admitted);
        assert_eq!(
            scene.station.admit(Asker(1), new(3, now)),
            Admission::Refused(3, DEADLINE * 10)
        );
    }

    #[test]
    fn the_queue_is_bounded_in_number_too() {
        let mut scene = Scene::new(1, 1, 2);
        scene.station.deadline = DEADLINE * 100;
        for job in 1..=3 {
            scene.comes(1, job);
        }
        assert!(matches!(scene.come(1, 4), Admission::Refused(4, _)));
        assert_eq!(scene.take(0), Some(1));
        assert!(
            matches!(scene.come(1, 4), Admission::Refused(4, _)),
            "one runs and two wait"
        );
        scene.ends(0);
        scene.comes(1, 4);
    }

    #[test]
    fn one_asker_cannot_keep_the_others_out() {
        let mut scene = Scene::new(1, 1, 4);
        scene.station.deadline = DEADLINE * 100;
        for job in 1..=5 {
            scene.comes(1, job);
        }
        assert_eq!(scene.take(0), Some(1));
        assert!(matches!(scene.come(1, 6), Admission::Refused(6, _)));
        assert_eq!(scene.come(2, 20), Admission::Instead(5));
        assert_eq!(scene.come(3, 30), Admission::Instead(4));
        let mut order = Vec::new();
        while scene.station.queued() > 0 {
            scene.ends(0);
            order.extend(scene.take(0));
        }
        assert_eq!(order, [2, 20, 30, 3], "in turn");
    }

    #[test]
    fn nobody_makes_room_for_a_job_that_takes_longer() {
        let mut scene = Scene::new(1, 1, 2);
        for job in 1..=3 {
            scene.station.deadline = DEADLINE * 100;
            scene.comes(1, job);
        }
        scene.station.deadline = DEADLINE;
        let (job, since, time) = (20, scene.now, TIME * 5);
        let longer = Waiting { job, since, time };
        assert!(matches!(
            scene.station.admit(Asker(2), longer),
            Admission::Refused(20, _)
        ));
        assert_eq!(scene.come(2, 21), Admission::Instead(3));
    }

    #[test]
    fn what_has_waited_past_its_deadline_is_begun_only_where_nobody_waits_behind_it() {
        let mut scene = Scene::new(1, 1, 8);
        scene.station.deadline = DEADLINE * 2;
        for job in 1..=3 {
            scene.comes(1, job);
        }
        assert_eq!(scene.take(0), Some(1));
        scene.pass(2000);
        scene.ends(0);
        assert_eq!(scene.take(0), Some(3));
        assert_eq!(scene.shed, [2]);
    }

    #[test]
    fn what_was_begun_elsewhere_goes_first_and_is_never_refused() {
        let mut scene = Scene::new(1, 1, 1);
        scene.station.deadline = DEADLINE * 2;
        scene.comes(1, 1);
        scene.comes(1, 2);
        let (job, since, time) = (3, scene.now, TIME);
        scene.station.resume(Waiting { job, since, time });
        assert_eq!(scene.take(0), Some(3));
        assert_eq!(scene.station.queued(), 2);
        assert_eq!(scene.station.drain(), [1, 2]);
    }

    /// Two and a half times what the station can serve, by 64 askers at random, for a minute.
    #[test]
    fn what_is_admitted_in_a_flood_is_done_by_its_deadline() {
        let mut scene = Scene::new(1, 16, 256);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut running: Vec<(Instant, Instant)> = Vec::new();
        let mut came = HashMap::new();
        let (mut took, mut admitted) = (Vec::new(), 0);
        let mut next = 0_u32;
        let begin = scene.now;
        let mut arrival = begin;
        while scene.now < begin + Duration::from_mins(1) {
            scene.pass(1);
            let now = scene.now;
            while arrival <= now {
                let share = (f64::from(random.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0);
                arrival += Duration::from_secs_f64(-share.ln() / 88.0);
                next += 1;
                came.insert(next, now);
                let asker = u128::from(random.next_u32() % 64);
                admitted += usize::from(scene.come(asker, next) == Admission::Admitted);
            }
            running.retain(|&(since, end)| {
                let is_done = end <= now;
                if is_done {
                    took.push(now - since);
                }
                !is_done
            });
            scene.station.runs(0, running.iter().map(|&(_, end)| end));
            while let Some(job) = scene.take(0) {
                running.push((came[&job], now + TIME));
            }
        }
        took.sort();
        let late = took[took.len() * 99 / 100];
        // The millisecond is that of the steps that the time goes in.
        assert!(late <= DEADLINE + Duration::from_millis(1), "{late:?}");
        let served = took.len();
        let all_the_time = 1880..=1920;
        assert!(all_the_time.contains(&served), "the lanes are busy: {served}");
        assert!(
            admitted - served <= 16 + 16,
            "who is admitted is served: {admitted}"
        );
    }
}
