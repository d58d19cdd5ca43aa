//! `/metrics`, in Prometheus' text: what the hashing pool does. It is answered on the addresses of `METRICS_BIND` alone,
//! where there is nothing else, so that no proxy in front of the pages can let it out by mistake.

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use munjigi_passwords::pool::PoolStats;
use std::fmt::{Display, Write};

/// The one route of the addresses in `METRICS_BIND`.
pub fn router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, text(&app.pool().stats()))
}

fn text(stats: &PoolStats) -> String {
    let mut page = Page(String::new());
    page.gauge("queued", "Passwords that wait to be hashed.", stats.queued);
    page.gauge("running", "Passwords that are hashed now.", stats.running);
    page.gauge(
        "lanes_in_use",
        "How many of these are hashed in lanes.",
        stats.lanes_in_use,
    );
    page.gauge("lanes", "How many lanes there are.", stats.lanes);
    page.counter(
        "shed_total",
        "Passwords that were not hashed for want of time.",
        stats.shed,
    );
    page.counter(
        "abandoned_total",
        "Passwords whose hashing was left because their client was gone.",
        stats.abandoned,
    );
    page.head("kernel_info", "gauge", "What full lanes are run by.");
    page.line(&format!("kernel_info{{kernel=\"{}\"}}", stats.kernel), 1);
    let waits = &stats.waits;
    page.head(
        "wait_seconds",
        "histogram",
        "How long passwords waited until their hashing began.",
    );
    for (bound, count) in waits.cumulative() {
        page.line(
            &format!("wait_seconds_bucket{{le=\"{}\"}}", bound.as_secs_f64()),
            count,
        );
    }
    page.line("wait_seconds_bucket{le=\"+Inf\"}", waits.count());
    page.line("wait_seconds_sum", waits.sum.as_secs_f64());
    page.line("wait_seconds_count", waits.count());
    page.0
}

struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: usize) {
        self.head(name, "gauge", help);
        self.line(name, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.line(name, value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let name = format!("munjigi_hashing_{name}");
        // Writing into a text does not fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "munjigi_hashing_{name} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use munjigi_passwords::pool::{Kernel, Waits};

    #[test]
    fn each_figure_has_its_help_its_type_and_its_value() {
        let stats = PoolStats {
            queued: 3,
            running: 17,
            lanes_in_use: 16,
            lanes: 32,
            kernel: Kernel::Portable,
            shed: 5,
            abandoned: 1,
            waits: Waits::default(),
        };
        let page = text(&stats);
        for line in [
            "# TYPE munjigi_hashing_queued gauge",
            "munjigi_hashing_queued 3",
            "munjigi_hashing_running 17",
            "munjigi_hashing_lanes_in_use 16",
            "munjigi_hashing_lanes 32",
            "# TYPE munjigi_hashing_shed_total counter",
            "munjigi_hashing_shed_total 5",
            "munjigi_hashing_abandoned_total 1",
            "munjigi_hashing_kernel_info{kernel=\"portable\"} 1",
            "munjigi_hashing_wait_seconds_bucket{le=\"0.001\"} 0",
            "munjigi_hashing_wait_seconds_bucket{le=\"+Inf\"} 0",
            "munjigi_hashing_wait_seconds_count 0",
        ] {
            assert!(
                page.lines().any(|found| found == line),
                "{line} is not in\n{page}"
            );
        }
        assert!(page.ends_with('\n'));
    }
}
