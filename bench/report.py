"""The figures as tables and plots: what `bench/run` prints, and what docs/performance.md is made of."""
from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

BEGIN, END = "<!-- figures: made by bench/run -->", "<!-- end of figures -->"
OPENSSL, RUST_CRYPTO = "OpenSSL (Python hashlib)", "RustCrypto"
Row = list[str]


def text(figures: dict[str, Any]) -> str:
    """All tables, as Markdown."""
    parts = [machine(figures["machine"])]
    if "kernels" in figures:
        parts.append(kernels(figures["kernels"]))
    if "closed" in figures:
        parts += [in_flight(figures["closed"]), offered(figures["open"], figures["capacity"])]
    return "\n\n".join(parts) + "\n"


def write(figures: dict[str, Any], docs: Path) -> None:
    """Puts the tables into docs/performance.md, between its two marks, and the plots beside it."""
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{text(figures)}\n{END}{after}")
    plots(figures, docs / "images")


# ---- tables ---------------------------------------------------------------------------------------------------------


def machine(of: dict[str, Any]) -> str:
    features = ", ".join(of["features"])
    return (
        f"{of['cpu']}, {of['cores']} cores, {features}. Python {of['python']}, Django {of['django']}, OpenSSL {of['openssl']}."
    )


def kernels(run: dict[str, Any]) -> str:
    rates = run["rates"]
    rows = [
        [name, spread(of, "{:.2f}"), ratio(of, rates[OPENSSL]), ratio(of, rates[RUST_CRYPTO])]
        for name, of in sorted(rates.items(), key=lambda item: median(item[1]))
    ]
    head = ["", f"hashes/s at {run['iterations']:,} iterations", "times OpenSSL", "times RustCrypto"]
    return "### One core, PBKDF2-HMAC-SHA256\n\n" + table(head, rows)


def ratio(of: list[float], to: list[float]) -> str:
    """The median of the ratios within a round."""
    return f"{median(a / b for a, b in zip(of, to, strict=True)):.2f}"


def in_flight(closed: dict[str, Any]) -> str:
    rows = [in_flight_row(closed, clients, peer) for clients in closed["munjigi"] for peer in closed]
    head = ["in flight", "", "sign-ins/s", "their median ms", "shed/s", "lost", "munjigi signs in", "and answers"]
    return "### Sign-ins, so many in flight\n\n" + table(head, rows)


def in_flight_row(closed: dict[str, Any], clients: str, peer: str) -> Row:
    """The median of the passes and their spread; so of munjigi's ratios to another, which are within a pass."""
    runs = closed[peer][clients]
    rates, waits = signed_in(runs)
    shed = [run["load"]["by_status"].get("503", {"per_second": 0.0})["per_second"] for run in runs]
    row = [
        clients, peer, spread(rates, "{:.1f}"), spread(waits, "{:,.0f}"), spread(shed, "{:.1f}") if any(shed) else "0",
        str(sum(run["load"]["lost"] for run in runs)),
    ]  # fmt: skip
    if peer == "munjigi":
        return [*row, "", ""]
    our_rates, our_waits = signed_in(closed["munjigi"][clients])
    more = [ours / theirs for ours, theirs in zip(our_rates, rates, strict=True)]
    sooner = [theirs / ours for ours, theirs in zip(our_waits, waits, strict=True)]
    return [*row, f"{spread(more, '{:.1f}')} times as many", f"{spread(sooner, '{:.1f}')} times as soon"]


def signed_in(runs: list[dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Of each pass the sign-ins a second, and their median in milliseconds."""
    good = [run["load"]["by_status"]["200"] for run in runs]
    return ([of["per_second"] for of in good], [of["percentiles_ms"][50] for of in good])


def median_of(runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Sign-ins a second and their median in milliseconds, each the median of the passes."""
    rates, waits = signed_in(runs)
    return (median(rates), median(waits))


def offered(runs: dict[str, Any], capacity: float) -> str:
    rows = [
        [peer, "none" if times == "0" else f"{times}× ({float(times) * capacity:.1f}/s)", *offered_row(run)]
        for peer, of in runs.items()
        for times, run in of.items()
    ]
    head = ["", "offered", "signed in", "p50, p99 ms", "shed", "their p99 ms", "others", "lost", "token check p50, p99 ms"]
    title = f"### Sign-ins, so many a second\n\nDjango serves {capacity:.1f}/s at most.\n\n"
    return title + table(head, rows)


def offered_row(run: dict[str, Any]) -> Row:
    by_status = run["load"]["by_status"]
    others = sum(of["count"] for status, of in by_status.items() if status not in ("200", "503"))
    checks = run["probe"]["by_status"].get("200")
    return [
        count_of(by_status.get("200")),
        times_of(by_status.get("200")),
        count_of(by_status.get("503")),
        f"{by_status['503']['percentiles_ms'][99]:.1f}" if "503" in by_status else "–",
        str(others),
        str(run["load"]["lost"]),
        f"{checks['percentiles_ms'][50]:.2f}, {checks['percentiles_ms'][99]:.2f}" if checks else "–",
    ]


def count_of(summary: dict[str, Any] | None) -> str:
    return str(summary["count"]) if summary else "0"


def times_of(summary: dict[str, Any] | None) -> str:
    return f"{summary['percentiles_ms'][50]:,.0f}, {summary['percentiles_ms'][99]:,.0f}" if summary else "–"


def spread(of: list[float], form: str) -> str:
    middle, least, most = (form.format(value) for value in (median(of), min(of), max(of)))
    return f"{middle} [{least}..{most}]"


def table(head: Row, rows: list[Row]) -> str:
    ruler = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ruler, *rows])


# ---- plots ----------------------------------------------------------------------------------------------------------


def plots(figures: dict[str, Any], folder: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "munjigi", "svg.fonttype": "none", "font.family": "sans-serif"})
    folder.mkdir(exist_ok=True)
    plot_kernels(figures["kernels"], folder / "kernels.svg")
    plot_in_flight(figures["closed"], folder / "sign-ins.svg")
    plot_offered(figures["open"]["munjigi"], folder / "storm.svg")


def plot_kernels(run: dict[str, Any], file: Path) -> None:
    from matplotlib import pyplot

    rates = sorted(run["rates"].items(), key=lambda item: median(item[1]))
    drawing, axes = pyplot.subplots(figsize=(8, 0.4 * len(rates) + 1))
    colours = ["#2b6cb0" if name.startswith("munjigi") else "#a0aec0" for name, _ in rates]
    bars = axes.barh([name for name, _ in rates], [median(of) for _, of in rates], color=colours)
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set_xlabel(f"hashes a second on one core, {run['iterations']:,} iterations")
    save(drawing, file)


def plot_in_flight(closed: dict[str, Any], file: Path) -> None:
    from matplotlib import pyplot

    drawing, (rate, wait) = pyplot.subplots(1, 2, figsize=(9, 3.5))
    for peer, by_clients in closed.items():
        clients = list(by_clients)
        points = [median_of(runs) for runs in by_clients.values()]
        rate.plot(clients, [point[0] for point in points], marker="o", label=peer)
        wait.plot(clients, [point[1] / 1000 for point in points], marker="o", label=peer)
    rate.set(xlabel="sign-ins in flight", ylabel="sign-ins a second", ylim=0)
    wait.set(xlabel="sign-ins in flight", ylabel="median, seconds", yscale="log")
    rate.legend()
    save(drawing, file)


def plot_offered(runs: dict[str, Any], file: Path) -> None:
    from matplotlib import pyplot

    drawing, axes = pyplot.subplots(figsize=(8, 3.5))
    loaded = [times for times in runs if times != "0"]
    signed_in = [runs[times]["load"]["by_status"].get("200") for times in loaded]
    for percent in (50, 99):
        waits = [of["percentiles_ms"][percent] if of else float("nan") for of in signed_in]
        axes.plot(loaded, waits, marker="o", label=f"sign-in, p{percent}")
    checks = [runs[times]["probe"]["by_status"]["200"]["percentiles_ms"][99] for times in loaded]
    axes.plot(loaded, checks, marker="o", label="token check, p99")
    axes.set(xlabel="offered load, as multiples of what Django serves", ylabel="milliseconds", yscale="log")
    axes.legend()
    save(drawing, file)


def save(drawing: Any, file: Path) -> None:
    drawing.tight_layout()
    drawing.savefig(file, metadata={"Date": None})
