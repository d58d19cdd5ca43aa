//! The machine of `docs/decisions/0016`, searched to the end: every order of the steps of clients, of a thief, of munjigi and
//! of a Django beside it, with every answer lost and every request cut off anywhere.
//!
//! The judgement is [`Rule::decide`] itself, the statements around it are told in `servers.rs`. Each promise is shown to
//! fail where the rule errs or a statement forgets its condition.

mod promises;
mod servers;
mod world;

use super::{Presented, Rule, Verdict};
use jiff::{SignedDuration, Timestamp};
use munjigi_store::records::Record;
use promises::Promise;
use stateright::{Checker, HasDiscoveries, Model, Property};
use world::{Action, Character, Decide, Flaw, Machine, Neighbour, World};

impl Model for Machine {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.begin()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.possible(world, actions);
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        Some(self.after(world, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_LINEAGE, Machine::has_one_lineage),
            Property::always(NOTHING_LOST, Machine::loses_nothing),
            Property::always(ENDINGS_HOLD, |machine, world| {
                machine.endings_hold(world) && world.broken != Some(Promise::EndingsHold)
            }),
            Property::always(ONE_SUCCESSOR, |_, world: &World| {
                world.broken != Some(Promise::OneSuccessor)
            }),
            Property::always(HONEST_IS_BELIEVED, |_, world: &World| {
                world.broken != Some(Promise::HonestIsBelieved)
            }),
            Property::always(THIEF_IS_FOUND, Machine::finds_the_thief),
            Property::always(LATECOMER_IS_FOUND, |_, world: &World| {
                world.broken != Some(Promise::LatecomerIsFound)
            }),
            Property::always(UPSTREAMS_RULE, |_, world: &World| {
                world.broken != Some(Promise::UpstreamsRule)
            }),
            Property::sometimes("two race for one token", |_, world: &World| world.has_race()),
            Property::sometimes("all is sent and answered", |machine: &Machine, world: &World| {
                world.sent == machine.sends && world.requests.is_empty()
            }),
        ]
    }
}

const ONE_LINEAGE: &str = "never two live lineages";
const NOTHING_LOST: &str = "no acknowledged rotation is lost";
const ENDINGS_HOLD: &str = "no ending is undone";
const ONE_SUCCESSOR: &str = "no token gets a second successor";
const HONEST_IS_BELIEVED: &str = "a client alone who asks again within the window is never accused";
const THIEF_IS_FOUND: &str = "a thief and a victim who both go on are found out";
const LATECOMER_IS_FOUND: &str = "who brings a used token after the window ends the record";
const UPSTREAMS_RULE: &str = "without a window nothing is repeated and nobody accused";

/// Searches all that can happen, and holds it against every promise.
fn search(machine: Machine) {
    let checker = machine.checker().spawn_bfs().join();
    assert!(checker.is_done(), "the search was cut short");
    checker.assert_properties();
    println!(
        "{} states, {} steps deep",
        checker.unique_state_count(),
        checker.max_depth()
    );
}

/// Searches until the promise is broken, as it must be.
fn finds_broken(promise: &'static str, machine: Machine) {
    let first = HasDiscoveries::AnyOf([promise].into());
    let checker = machine.checker().finish_when(first).spawn_bfs().join();
    checker.assert_any_discovery(promise);
}

const WITH_TABLES: Rule = Rule {
    window: SignedDuration::from_secs(10),
    keeps_tables: true,
};
const WITHOUT_TABLES: Rule = Rule {
    keeps_tables: false,
    ..WITH_TABLES
};
const WITHOUT_WINDOW: Rule = Rule {
    window: SignedDuration::ZERO,
    ..WITH_TABLES
};

/// Two clients with one token, and three requests.
const TWO: Machine = Machine {
    rule: WITH_TABLES,
    decide: Rule::decide,
    flaws: &[],
    hands: &[Character::Hasty, Character::Hasty],
    neighbour: Neighbour::Nobody,
    has_sid: true,
    has_endings: true,
    behind: &[0],
    sends: 3,
    ticks: 3,
};
const TWO_WITHOUT_TABLES: Machine = Machine {
    rule: WITHOUT_TABLES,
    ..TWO
};
const TWO_BESIDE_DJANGO: Machine = Machine {
    neighbour: Neighbour::Simplejwt55,
    ticks: 2,
    ..TWO
};
/// One client alone who keeps to the window.
const PATIENT: Machine = Machine {
    hands: &[Character::Patient],
    has_endings: false,
    sends: 4,
    ..TWO
};
const PATIENT_BESIDE_DJANGO: Machine = Machine {
    neighbour: Neighbour::Simplejwt55,
    ..PATIENT
};
const THEFT: Machine = Machine {
    hands: &[Character::Hasty, Character::Thief],
    has_endings: false,
    ..TWO
};

#[test]
fn two_clients_of_one_token_keep_to_one_lineage() {
    search(TWO);
    search(TWO_WITHOUT_TABLES);
}

#[test]
fn three_clients_of_one_token_keep_to_one_lineage() {
    search(Machine {
        hands: &[Character::Hasty; 3],
        ticks: 2,
        ..TWO
    });
}

#[test]
fn four_requests_of_two_clients_keep_to_one_lineage() {
    search(Machine {
        has_endings: false,
        sends: 4,
        ..TWO
    });
}

#[test]
fn a_node_whose_clock_is_a_little_behind_changes_nothing() {
    search(Machine {
        behind: &[0, 1],
        ticks: 2,
        ..TWO
    });
    search(Machine {
        behind: &[0, 1],
        ..PATIENT
    });
}

#[test]
fn a_token_without_sid_opens_one_record() {
    for machine in [TWO, TWO_WITHOUT_TABLES] {
        search(Machine {
            has_sid: false,
            ..machine
        });
    }
}

#[test]
fn a_client_alone_is_never_accused_and_loses_nothing() {
    for rule in [WITH_TABLES, WITHOUT_TABLES] {
        search(Machine {
            rule,
            sends: 5,
            ..PATIENT
        });
    }
}

#[test]
fn a_client_alone_is_never_accused_beside_either_simplejwt() {
    search(PATIENT_BESIDE_DJANGO);
    search(Machine {
        neighbour: Neighbour::Simplejwt54,
        ..PATIENT_BESIDE_DJANGO
    });
    search(Machine {
        has_sid: false,
        ..PATIENT_BESIDE_DJANGO
    });
}

#[test]
fn a_race_beside_django_leaves_one_lineage_that_goes_on() {
    search(TWO_BESIDE_DJANGO);
}

#[test]
fn a_race_beside_an_older_simplejwt_leaves_one_lineage_that_goes_on() {
    search(Machine {
        neighbour: Neighbour::Simplejwt54,
        has_endings: false,
        ..TWO_BESIDE_DJANGO
    });
}

#[test]
fn a_race_beside_django_over_a_token_without_sid_leaves_one_lineage_of_each_record() {
    search(Machine {
        has_sid: false,
        has_endings: false,
        ..TWO_BESIDE_DJANGO
    });
}

#[test]
fn a_thief_is_found_out() {
    search(THEFT);
    search(Machine {
        rule: WITHOUT_TABLES,
        ..THEFT
    });
}

#[test]
fn a_thief_is_found_out_beside_django() {
    search(Machine {
        neighbour: Neighbour::Simplejwt55,
        ticks: 2,
        ..THEFT
    });
}

#[test]
fn without_a_window_it_is_simplejwts_rule_made_atomic() {
    for machine in [TWO, PATIENT_BESIDE_DJANGO] {
        search(Machine {
            rule: WITHOUT_WINDOW,
            ..machine
        });
    }
}

#[test]
fn two_lineages_live_where_neither_the_update_nor_the_list_is_a_lock() {
    const NO_LOCK: &[Flaw] = &[Flaw::RotatesWhateverIsThere, Flaw::PassesOverTheList];
    let machine = |flaws| Machine { flaws, ..TWO };
    finds_broken(ONE_LINEAGE, machine(NO_LOCK));
    finds_broken(ONE_SUCCESSOR, machine(NO_LOCK));
}

#[test]
fn two_lineages_live_where_the_displaced_token_is_not_blacklisted() {
    let machine = Machine {
        flaws: &[Flaw::LeavesTheDisplaced],
        ..TWO_BESIDE_DJANGO
    };
    finds_broken(ONE_LINEAGE, machine);
}

#[test]
fn a_token_gets_two_successors_where_a_statement_forgets_its_condition() {
    let rotates = Machine {
        flaws: &[Flaw::RotatesWhateverIsThere],
        ..TWO_WITHOUT_TABLES
    };
    let opens = Machine {
        flaws: &[Flaw::OpensOverAnother],
        has_sid: false,
        ..TWO_WITHOUT_TABLES
    };
    for machine in [rotates, opens] {
        finds_broken(ONE_SUCCESSOR, machine);
    }
}

#[test]
fn an_ending_is_undone_where_a_statement_forgets_it() {
    let rotates = Machine {
        flaws: &[Flaw::RotatesWhatEnded],
        ..TWO_WITHOUT_TABLES
    };
    let opens = Machine {
        flaws: &[Flaw::EndsOnlyRecords],
        has_sid: false,
        ..TWO_WITHOUT_TABLES
    };
    let passes_over_django = Machine {
        flaws: &[Flaw::PassesOverTheList],
        ..TWO_BESIDE_DJANGO
    };
    for machine in [rotates, opens, passes_over_django] {
        finds_broken(ENDINGS_HOLD, machine);
    }
}

#[test]
fn a_latecomer_goes_on_where_a_repeat_starts_the_window_again() {
    let machine = Machine {
        flaws: &[Flaw::StartsTheWindowAgain],
        ..TWO
    };
    finds_broken(LATECOMER_IS_FOUND, machine);
}

/// What the rule decides, but for some verdicts.
macro_rules! erring {
    ($($verdict:pat => $instead:expr),+) => {{
        let decide: Decide = |rule, row, presented, now| match rule.decide(row, presented, now) {
            $($verdict => $instead,)+
            verdict => verdict,
        };
        decide
    }};
}

#[test]
fn every_promise_is_broken_by_a_rule_that_errs() {
    for (promise, decide, machine) in [
        (
            ONE_SUCCESSOR,
            erring!(Verdict::Repeat => Verdict::Rotate),
            TWO_WITHOUT_TABLES,
        ),
        (NOTHING_LOST, erring!(Verdict::Rotate => Verdict::Refuse), PATIENT),
        (
            HONEST_IS_BELIEVED,
            erring!(Verdict::Repeat => Verdict::Reuse),
            PATIENT,
        ),
        (
            HONEST_IS_BELIEVED,
            erring!(Verdict::Refuse => Verdict::Reuse),
            PATIENT_BESIDE_DJANGO,
        ),
        (
            LATECOMER_IS_FOUND,
            erring!(Verdict::Reuse => Verdict::Refuse),
            TWO,
        ),
        (THIEF_IS_FOUND, erring!(Verdict::Reuse => Verdict::Refuse), THEFT),
        (ENDINGS_HOLD, forgets_endings, TWO),
        (HONEST_IS_BELIEVED, accuses_who_was_overtaken, PATIENT),
        (
            UPSTREAMS_RULE,
            has_a_window_all_the_same,
            Machine {
                rule: WITHOUT_WINDOW,
                ..TWO
            },
        ),
    ] {
        finds_broken(promise, Machine { decide, ..machine });
    }
}

fn forgets_endings(rule: Rule, row: Option<&Record>, presented: Presented<'_>, now: Timestamp) -> Verdict {
    let row = row.cloned().map(|row| Record {
        ended_at: None,
        ..row
    });
    rule.decide(row.as_ref(), presented, now)
}

/// As if every request had come after the last rotation.
fn accuses_who_was_overtaken(
    rule: Rule,
    row: Option<&Record>,
    presented: Presented<'_>,
    now: Timestamp,
) -> Verdict {
    let rotated_at = row.and_then(|row| row.rotated_at);
    let now = rotated_at.map_or(now, |rotated_at| now.max(rotated_at));
    let presented = Presented {
        asked_at: now,
        ..presented
    };
    rule.decide(row, presented, now)
}

fn has_a_window_all_the_same(
    rule: Rule,
    row: Option<&Record>,
    presented: Presented<'_>,
    now: Timestamp,
) -> Verdict {
    let Rule { window, .. } = WITH_TABLES;
    Rule { window, ..rule }.decide(row, presented, now)
}
