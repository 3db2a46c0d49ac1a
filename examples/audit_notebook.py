# %% [markdown]
# # An audit, step by step
#
# Run it as a script (`python examples/audit_notebook.py [FOLDER]`) or cell by cell in any editor that knows `# %%`.
# It plants a world, audits it without a look at the truth, reads the answer, asks why, draws a chart, and only then
# compares.

# %%
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

import plaudit

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="plaudit-"))

# %% [markdown]
# ## A log
# Any table with `actor, target, at` will do: a path, an Arrow table, a pandas or polars frame. Here: a naive ring, a
# staggered ring, a crowd order and throw-away accounts beside a viral hour, a fan club, a lottery and a class behind
# one address.

# %%
world = plaudit.simulate("small", events=20_000, seed=3)
try:
    import polars

    events = polars.from_arrow(world.events)
except ImportError:  # polars is welcome and not required
    events = world.events
print(f"{world.events.num_rows:,} events: {', '.join(world.events.column_names)}")

# %% [markdown]
# ## What could an audit of it see?

# %%
seen = plaudit.validate(events)
for run in seen.detectors:
    print(f"{run.detector:15} {run.outcome:15} {run.question}")

# %% [markdown]
# ## The audit

# %%
audit = plaudit.audit(events)
audit.write(OUT)
total = audit.document.total
assert total.shown == total.verified + total.discounted + total.undetermined
print(
    f"shown {total.shown:,}; authentic {total.authentic:,.0f} [{total.authentic_low:,.0f}, {total.authentic_high:,.0f}]"
)
print(f"discounted {total.discounted:,}, undetermined {total.undetermined:,}; report: {OUT / 'report.html'}")

# %% [markdown]
# ## Groups and targets
# Every table is Arrow: take it wherever you like.

# %%
for group in audit.tables["groups"].slice(0, 5).to_pylist():
    members, served = len(group["members"]), len(group["targets"])
    print(
        f"{group['group_id']} {group['detector']:15} {members} members on {served} targets: "
        f"{group['statistic']:,.0f} against {group['null_expectation']:,.0f} expected, p = {group['p']:.0e}"
    )
targets = audit.tables["targets"]
worst = targets.take(pc.sort_indices(targets, [("discounted", "descending"), ("undetermined", "descending")])[:12])
for row in worst.slice(0, 5).to_pylist():
    low, high = row["authentic_low"], row["authentic_high"]
    print(f"{row['target_id']:6} shown {row['shown']:4}  authentic {row['authentic']:5.0f} [{low:.0f}, {high:.0f}]")

# %% [markdown]
# ## Why?
# The same waterfall as `plaudit explain DIR --target ID`: each bar in nats, with what chance expects beside it.

# %%
case = plaudit.explain(OUT, "target", worst["target_id"][0].as_py())
for step in case.steps:
    beside = "" if step.statistic is None else f"  ({step.statistic:,.0f} against {step.expectation:,.1f} expected)"
    print(f"{step.kind:10} {step.detector:15} {step.weight:+6.1f}{beside}")
print(f"together {sum(step.weight for step in case.steps):+.1f} nats, posterior {case.posterior:.3f}: {case.status}")

# %% [markdown]
# ## A chart
# Shown against authentic, with the interval, saved as a file that opens in any browser.

# %%
base = alt.Chart(worst).encode(y=alt.Y("target_id:N", sort=None, title="target"))
chart = (
    base.mark_bar(color="#d8d3e6").encode(x=alt.X("shown:Q", title="likes"))
    + base.mark_rule(strokeWidth=3, color="#2a8c82").encode(x="authentic_low:Q", x2="authentic_high:Q")
    + base.mark_point(filled=True, color="#1d2530").encode(x="authentic:Q")
).properties(title="Shown (bars) and authentic (90 % interval)", width=520)
chart.save(OUT / "targets.svg")
print(f"chart: {OUT / 'targets.svg'}")

# %% [markdown]
# ## How right was that?
# The truth lies apart; a real log has none.

# %%
likes = audit.tables["likes"]
truth = pa.table({"event_id": world.events["event_id"], "bought": world.truth["bought"]})
both = likes.select(["event_id", "status"]).set_column(1, "status", likes["status"].cast(pa.string()))
counts = both.join(truth, "event_id").group_by(["bought", "status"]).aggregate([("event_id", "count")])
for row in counts.sort_by([("bought", "descending"), ("status", "ascending")]).to_pylist():
    print(f"{'bought' if row['bought'] else 'genuine':8} {row['status']:13} {row['event_id_count']:6,}")
