# Computes with pycanon and pandas what veil report risk says of a CSV file, and prints it
# as JSON: risk.py FILE QUASI SENSITIVE
import json
import math
import sys

import numpy as np
import pandas as pd
from pycanon import anonymity

frame = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False)
quasi, sensitive = sys.argv[2].split(","), sys.argv[3].split(",")
sizes = frame.groupby(quasi).size()
out = {"k": int(anonymity.k_anonymity(frame, quasi)), "classes": len(sizes), "unique": int((sizes == 1).sum()), "below": int(sizes[sizes < 5].sum()), "sensitive": {}}
for s in sensitive:
    f = frame.copy()
    if s == "age":
        f[s] = f[s].astype(int)
    entropy = f.groupby(quasi)[s].agg(lambda v: -sum(p * math.log(p) for p in v.value_counts(normalize=True)))
    out["sensitive"][s] = {
        "l": int(anonymity.l_diversity(f, quasi, [s])),
        "entropy": int(anonymity.entropy_l_diversity(f, quasi, [s])),
        "exactEntropy": float(np.exp(entropy.min())),
        "t": float(anonymity.t_closeness(f, quasi, [s])),
    }
json.dump(out, sys.stdout)
