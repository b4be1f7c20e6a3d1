# Computes with scipy, pandas and scikit-learn what veil report fidelity says of two CSV
# files, from the definitions in docs/fidelity.md, and prints it as JSON.
import json
import sys

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import mutual_info_score

sides = [pd.read_csv(p, dtype=str, keep_default_na=False, na_values=[""]) for p in sys.argv[1:3]]
out = {"columns": {}, "pairs": {}, "intervals": {}}


def shares(s):
    return s.dropna().value_counts(normalize=True)


numbers = [{}, {}]
for name in ["age", "creatinine", "huge", "negative"]:
    for side, frame in enumerate(sides):
        numbers[side][name] = pd.to_numeric(frame[name], errors="coerce").astype(float)
for name in ["born", "admitted", "discharged"]:
    for side, frame in enumerate(sides):
        text = frame[name].where(frame[name].str.len() > 4, frame[name] + "-01-01")
        days = text.dropna().map(lambda v: (np.datetime64(v[:10]) - np.datetime64("1970-01-01")).astype(int))
        numbers[side][name] = days.reindex(frame.index).astype(float)

for name in sides[0].columns:
    a, b = (frame[name] for frame in sides)
    c = {"nulls": [float(a.isna().mean()), float(b.isna().mean())], "distinct": [int(a.nunique()), int(b.nunique())]}
    if name in numbers[0]:
        x, y = numbers[0][name].dropna(), numbers[1][name].dropna()
        if len(x) and len(y):
            c["ks"] = float(stats.ks_2samp(x, y, method="asymp").statistic)
            c["wasserstein"] = float(stats.wasserstein_distance(x, y))
    elif len(b.dropna()):
        p, q = shares(a), shares(b)
        c["tv"] = float(p.sub(q, fill_value=0).abs().sum() / 2)
        p, q = (np.sort(s.values)[::-1] for s in (p, q))
        n = max(len(p), len(q))
        c["tvByRank"] = float(np.abs(np.pad(p, (0, n - len(p))) - np.pad(q, (0, n - len(q)))).sum() / 2)
    out["columns"][name] = c


def classes(side, name):
    """Ten classes of about equal frequency; categories as they are."""
    if name not in numbers[side]:
        return sides[side][name]
    s = numbers[side][name]
    values, counts = np.unique(s.dropna(), return_counts=True)
    upper, total = np.cumsum(counts), counts.sum()
    limits = []
    for v, n in zip(values, upper):
        if len(limits) < 9 and n >= total * (len(limits) + 1) / 10 and (not limits or limits[-1] < v):
            limits.append(v)
    return s.map(lambda v: np.nan if np.isnan(v) else int(np.searchsorted(limits, v, side="left")))


related = ["age", "creatinine", "born", "admitted", "sex", "ward"]
for i, x in enumerate(related):
    for y in related[i + 1:]:
        pair = {}
        for side in range(2):
            a, b = classes(side, x), classes(side, y)
            both = a.notna() & b.notna()
            pair.setdefault("information", []).append(float(mutual_info_score(a[both].astype(str), b[both].astype(str))))
            if x in numbers[0] and y in numbers[0]:
                frame = pd.DataFrame({"x": numbers[side][x], "y": numbers[side][y]}).dropna()
                pair.setdefault("pearson", []).append(float(frame.corr("pearson").iloc[0, 1]))
                # Ranks among all numbers of the column, not only those of rows that have both.
                ranks = pd.DataFrame({"x": numbers[side][x].rank(), "y": numbers[side][y].rank()}).dropna()
                pair.setdefault("spearman", []).append(float(ranks.corr("pearson").iloc[0, 1]))
        out["pairs"][x + "," + y] = pair

spans = [(n["discharged"] - n["admitted"]).dropna() for n in numbers]
out["intervals"]["admitted to discharged"] = float(stats.ks_2samp(*spans, method="asymp").statistic)
gaps = []
for side, frame in enumerate(sides):
    f = pd.DataFrame({"who": frame["patient_id"], "at": numbers[side]["admitted"]}).dropna().sort_values("at")
    gaps.append(f.groupby("who")["at"].diff().dropna())
out["intervals"]["admitted to the next of the same patient_id"] = float(stats.ks_2samp(*gaps, method="asymp").statistic)
json.dump(out, sys.stdout)
