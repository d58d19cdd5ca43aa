//! Who is let in, who waits for whom, and who is served in a flood, at a time that nobody but the test moves.

use super::*;
use chacha20::ChaCha8Rng;
use munjigi_lanes::{Kernel, Kernels};
use rand_core::{Rng, SeedableRng};
use std::collections::HashMap;
use std::num::NonZeroUsize;

const TIME: Duration = Duration::from_millis(500);
/// What takes that time.
const COST: Cost = Cost::Iterations(500_000);
const DEADLINE: Duration = Duration::from_millis(750);
/// Nobody waits for jobs from this one on.
const GONE: u32 = 1_000_000;

/// A station, and the time, which nobody but the test moves.
struct Scene {
    station: Station<u32>,
    pace: Pace,
    now: Instant,
    left: Vec<u32>,
}

impl Scene {
    fn new(threads: usize, places: usize, queue: usize) -> Self {
        let settings = PoolSettings {
            threads: NonZeroUsize::new(threads).unwrap(),
            queue,
            deadline: DEADLINE,
            kernels: Kernels::only(Kernel::Portable).unwrap(),
        };
        let mut pace = Pace::new(settings.threads, 0);
        pace.ran_lanes(500_000, TIME);
        Self {
            station: Station::new(places, settings, |job| *job < GONE),
            pace,
            now: Instant::now(),
            left: Vec::new(),
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn come_at(&mut self, asker: u128, job: u32, cost: Cost) -> Admission<u32> {
        let since = self.now;
        let asker = Asker(asker);
        let new = Waiting {
            job,
            asker,
            since,
            cost,
        };
        self.station.admit(new, &self.pace, &mut self.left)
    }

    fn come(&mut self, asker: u128, job: u32) -> Admission<u32> {
        self.come_at(asker, job, COST)
    }

    fn comes(&mut self, asker: u128, job: u32) {
        assert_eq!(self.come(asker, job), Admission::Admitted, "{job}");
    }

    fn is_refused(&mut self, asker: u128, job: u32, ms: u64) {
        let retry_after = Duration::from_millis(ms);
        assert_eq!(self.come(asker, job), Admission::Refused { job, retry_after });
    }

    fn take(&mut self, thread: usize) -> Option<u32> {
        let taken = self.station.take(thread, self.now, &self.pace, &mut self.left);
        taken.map(|waiting| waiting.job)
    }

    /// All that a thread runs has ended.
    fn ends(&mut self, thread: usize) {
        self.station.places.runs(thread, Vec::new());
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
    assert_eq!((scene.station.places.taken(), scene.station.queued()), (4, 0));
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
    scene.is_refused(1, 3, 250);
    scene.pass(200);
    scene.is_refused(1, 3, 50);
    scene.pass(50);
    scene.comes(1, 3);
    scene.comes(1, 4);
    // After the two who wait.
    scene.is_refused(1, 5, 500);
    assert_eq!(scene.station.shed, 3);
}

#[test]
fn who_need_not_wait_is_taken_however_long_it_will_be() {
    let mut scene = Scene::new(1, 2, 0);
    let dear = Cost::Iterations(5_000_000);
    assert_eq!(scene.come_at(1, 1, dear), Admission::Admitted);
    assert_eq!(scene.come_at(1, 2, dear), Admission::Admitted);
    let (job, retry_after) = (3, TIME * 10);
    assert_eq!(
        scene.come_at(1, job, dear),
        Admission::Refused { job, retry_after }
    );
    scene.pass(3);
    assert_eq!([scene.take(0), scene.take(0)], [Some(1), Some(2)]);
    assert!(scene.left.is_empty());
}

#[test]
fn nobody_is_given_up_for_places_that_are_free() {
    let mut scene = Scene::new(1, 16, 0);
    for job in 0..16 {
        scene.comes(job.into(), job);
    }
    // Nobody came for them for a while.
    scene.pass(400);
    let taken: Vec<_> = std::iter::from_fn(|| scene.take(0)).collect();
    assert_eq!(taken, (0..16).collect::<Vec<_>>());
}

#[test]
fn who_has_many_places_leaves_two_of_sixteen_to_others() {
    let mut scene = Scene::new(1, 16, 100);
    scene.comes(2, 100);
    assert_eq!(scene.take(0), Some(100));
    for job in 0..13 {
        scene.comes(1, job);
    }
    scene.is_refused(1, 13, 250);
    let taken = std::iter::from_fn(|| scene.take(0)).count();
    assert_eq!(taken, 13, "one runs already, two stay free");
    scene.comes(3, 200);
    assert_eq!(scene.take(0), Some(200));
    scene.is_refused(1, 13, 250);
    // Nobody else came for a while.
    scene.pass(10_000);
    scene.ends(0);
    let taken = (0..16)
        .map(|job| scene.come(1, job))
        .all(|it| it == Admission::Admitted);
    assert!(taken && std::iter::from_fn(|| scene.take(0)).count() == 16);
}

#[test]
fn who_comes_new_has_no_place_that_others_wait_for_but_who_has_many_makes_room() {
    let mut scene = Scene::new(1, 16, 100);
    scene.comes(2, 100);
    for job in 0..13 {
        scene.comes(1, job);
    }
    for asker in 3..5 {
        scene.comes(asker, 200);
    }
    assert!(scene.left.is_empty());
    scene.comes(5, 200);
    assert_eq!(scene.left, [12]);
}

#[test]
fn the_queue_is_bounded_in_number_too() {
    let mut scene = Scene::new(1, 1, 2);
    scene.station.deadline = DEADLINE * 100;
    for job in 1..=3 {
        scene.comes(1, job);
    }
    assert!(matches!(scene.come(1, 4), Admission::Refused { job: 4, .. }));
    assert_eq!(scene.take(0), Some(1));
    assert!(
        matches!(scene.come(1, 4), Admission::Refused { job: 4, .. }),
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
    assert!(matches!(scene.come(1, 6), Admission::Refused { job: 6, .. }));
    scene.comes(2, 20);
    scene.comes(3, 30);
    assert_eq!(scene.left, [5, 4], "they made room");
    assert_eq!(scene.station.shed, 3);
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
    assert!(matches!(
        scene.come_at(2, 20, Cost::Iterations(2_500_000)),
        Admission::Refused { job: 20, .. }
    ));
    scene.comes(2, 21);
    assert_eq!(scene.left, [3]);
}

#[test]
fn who_would_come_too_late_is_begun_only_where_nobody_waits_behind_him() {
    let mut scene = Scene::new(1, 1, 8);
    scene.station.deadline = DEADLINE * 2;
    for job in 1..=3 {
        scene.comes(1, job);
    }
    assert_eq!(scene.take(0), Some(1));
    // It would take him until 1651 ms after he came; a tenth of 1500 ms is allowed.
    scene.pass(1151);
    scene.ends(0);
    assert_eq!(scene.take(0), Some(3));
    assert_eq!(scene.left, [2]);
    assert_eq!((scene.station.shed, scene.station.abandoned), (1, 0));
}

#[test]
fn what_was_expected_of_those_who_wait_is_forgotten_when_the_pace_changes() {
    let mut scene = Scene::new(1, 1, 8);
    scene.station.deadline = DEADLINE * 2;
    for job in 1..=3 {
        scene.comes(1, job);
    }
    assert_eq!(scene.take(0), Some(1));
    scene.pass(500);
    scene.ends(0);
    for _ in 0..100 {
        scene.pace.ran_lanes(200_000, TIME);
    }
    // Each takes 1250 ms from now on, and 2 would be done after 1750.
    assert_eq!(scene.take(0), Some(3));
    assert_eq!(scene.left, [2]);
}

#[test]
fn who_waits_no_more_keeps_nobody_out() {
    let mut scene = Scene::new(1, 1, 2);
    scene.station.deadline = DEADLINE * 100;
    for job in [1, GONE, 2] {
        scene.comes(1, job);
    }
    scene.comes(1, 3);
    assert_eq!(scene.left, [GONE]);
    assert!(matches!(scene.come(1, 4), Admission::Refused { job: 4, .. }));
    assert_eq!((scene.station.shed, scene.station.abandoned), (1, 1));
}

#[test]
fn who_waits_no_more_is_not_begun_and_not_among_those_who_waited() {
    let mut scene = Scene::new(1, 1, 8);
    scene.station.deadline = DEADLINE * 100;
    scene.comes(1, GONE);
    scene.comes(1, 1);
    assert_eq!(scene.take(0), Some(1));
    assert_eq!(
        (scene.left.as_slice(), scene.station.abandoned),
        ([GONE].as_slice(), 1)
    );
    assert_eq!(scene.station.waits.count(), 1);
    scene.comes(1, 2);
    assert_eq!(scene.station.drain(), [2]);
}

/// A minute in which askers come at random, each so many times a second.
struct Flood {
    scene: Scene,
    /// By asker, how many came and how many were served.
    served: HashMap<u128, (usize, usize)>,
    /// How long they took who were served.
    took: Vec<Duration>,
    admitted: usize,
}

fn flood(threads: usize, places: usize, askers: &[(u128, f64)]) -> Flood {
    let mut flood = Flood {
        scene: Scene::new(threads, places, 256),
        served: HashMap::new(),
        took: Vec::new(),
        admitted: 0,
    };
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut gap = move |rate: f64| {
        let share = (f64::from(random.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0);
        Duration::from_secs_f64(-share.ln() / rate)
    };
    let begin = flood.scene.now;
    let mut arrivals: Vec<_> = askers.iter().map(|&(_, rate)| begin + gap(rate)).collect();
    let mut came: Vec<(u128, Instant)> = Vec::new();
    let mut running: Vec<Vec<(u32, Instant)>> = vec![Vec::new(); threads];
    while flood.scene.now < begin + Duration::from_mins(1) {
        flood.scene.pass(1);
        let now = flood.scene.now;
        for (&(asker, rate), arrival) in askers.iter().zip(&mut arrivals) {
            while *arrival <= now {
                *arrival += gap(rate);
                let job = u32::try_from(came.len()).unwrap();
                came.push((asker, now));
                flood.served.entry(asker).or_default().0 += 1;
                flood.admitted += usize::from(flood.scene.come(asker, job) == Admission::Admitted);
            }
        }
        for (thread, running) in running.iter_mut().enumerate() {
            running.retain(|&(job, end)| {
                let (asker, since) = came[job as usize];
                if end <= now {
                    flood.took.push(now - since);
                    flood.served.entry(asker).or_default().1 += 1;
                }
                end > now
            });
            let ends = running
                .iter()
                .map(|&(job, end)| (Asker(came[job as usize].0), end));
            flood.scene.station.places.runs(thread, ends.collect());
            while let Some(job) = flood.scene.take(thread) {
                running.push((job, now + TIME));
            }
        }
    }
    flood.took.sort();
    flood
}

/// Two and a half times what the station can serve, by 64 askers.
#[test]
fn what_is_admitted_in_a_flood_is_done_by_its_deadline() {
    let askers: Vec<_> = (0..64).map(|asker| (asker, 88.0 / 64.0)).collect();
    let Flood {
        scene,
        took,
        admitted,
        ..
    } = flood(1, 16, &askers);
    let late = took[took.len() * 99 / 100];
    // The millisecond is that of the steps that the time goes in.
    assert!(late <= DEADLINE + Duration::from_millis(1), "{late:?}");
    let served = took.len();
    let all_the_time = 1880..=1920;
    assert!(all_the_time.contains(&served), "the lanes are busy: {served}");
    assert!(
        admitted - scene.left.len() - served <= 16 + 16,
        "who is admitted is served: {admitted} {served} {} ",
        scene.left.len()
    );
}

/// Six times what the station can serve, by one alone.
#[test]
fn who_floods_alone_has_all_places_and_who_comes_beside_him_is_served() {
    let alone = flood(1, 16, &[(1, 200.0)]);
    assert!((1880..=1920).contains(&alone.took.len()), "{}", alone.took.len());
    let beside = flood(1, 16, &[(1, 200.0), (2, 1.0), (3, 1.0)]);
    for asker in [2, 3] {
        let (came, served) = beside.served[&asker];
        assert!(served * 100 >= came * 95, "{served} of {came}");
    }
    assert!(beside.took.len() > 1650, "{}", beside.took.len());
}

/// As above, where four hash by Argon2.
#[test]
fn of_few_places_one_is_left_to_others() {
    let flood = flood(4, 1, &[(1, 200.0), (2, 1.0)]);
    let (came, served) = flood.served[&2];
    assert!(served * 100 >= came * 80, "{served} of {came}");
}
