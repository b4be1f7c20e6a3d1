#!/usr/bin/env python3
"""Writes marked sentences as JSON Lines: names, addresses and cities of mimesis in our own
sentences of six languages.

    sentences.py SEED COUNT
"""
import json
import random
import re
import sys

from mimesis import Address, Person
from mimesis.locales import Locale

LOCALES = ["cs", "da", "de", "de-at", "de-ch", "en", "en-au", "en-ca", "en-gb", "es", "es-mx", "et", "fi", "fr", "hu",
           "hr", "is", "it", "nl", "nl-be", "no", "pl", "pt", "pt-br", "sk", "sv", "tr"]
SENTENCES = {
    "en": ["My name is {N} and I moved to {C} last year.", "{N} lives at {A}, {Z} {C}, and works as a carpenter.",
           "Please send the results to {A}, {C} before {D}.", "Spoke with {N} on {D}; number is {P}.",
           "The patient came from {C} with {G}, who drove.", "Dr. {F} asked {N} to come back on {D}.",
           "Her brother {G} was born in {C}.", "Ship the walker to {N}, {A}, {C} {Z}.",
           "{N} ({E}) wants to know if the clinic in {C} is closer.", "He fell outside {A} and {G} called us."],
    "de": ["Frau {N} wohnt in {C} und arbeitet als Schreinerin.", "Bitte schicken Sie den Befund an {N}, {A}, {Z} {C}.",
           "Am {D} war {G} mit seiner Mutter aus {C} hier.", "Herr {F} bittet um Rückruf unter {P}.",
           "Kollegin {F} hat {N} am {D} untersucht.", "Seit dem Umzug nach {C} ist {N} beschwerdefrei."],
    "es": ["La paciente {N} vive en {A}, {C}.", "El doctor {F} llamó a {N} el {D}.", "Me llamo {N} y soy de {C}.",
           "Su hija {G} vendrá desde {C} el {D}.", "Escriba a {E} o llame al {P} y pregunte por {G}."],
    "fr": ["Madame {N} habite {A}, {Z} {C}.", "Le docteur {F} a revu {N} le {D}.", "Je m'appelle {N} et je viens de {C}.",
           "Son fils {G} arrivera de {C} le {D}.", "Merci d'appeler {N} au {P}."],
    "nl": ["Mevrouw {N} woont in {C}, {A}.", "Dokter {F} belde {N} op {D}.", "Mijn naam is {N} en ik kom uit {C}.",
           "Haar zoon {G} komt {D} uit {C}.", "Stuur de brief naar {N}, {A}, {Z} {C}."],
    "it": ["La signora {N} abita in {A}, {C}.", "Il dottor {F} ha visitato {N} il {D}.", "Mi chiamo {N} e vengo da {C}.",
           "Suo figlio {G} arriva da {C} il {D}.", "Chiamare {N} al {P}."],
}
LABELS = {"N": "NAME", "G": "NAME", "F": "NAME", "A": "LOCATION", "C": "LOCATION", "Z": "LOCATION", "D": "DATE", "P": "PHONE",
          "E": "EMAIL"}

seed, count = int(sys.argv[1]), int(sys.argv[2])
draw = random.Random(seed)
people = {l: (Person(Locale(l), seed=seed), Address(Locale(l), seed=seed)) for l in LOCALES}
for n in range(count):
    lang = draw.choice(sorted(SENTENCES))
    person, address = people[draw.choice(LOCALES)]
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1950, 2023)
    value = {"N": person.full_name(), "G": person.name(), "F": person.surname(), "A": address.address(), "C": address.city(),
             "Z": address.zip_code(), "D": draw.choice([f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{year}-{month:02}-{day:02}"]),
             "P": person.telephone(), "E": person.email()}
    text, spans = "", []
    for piece in re.split(r"(\{.\})", draw.choice(SENTENCES[lang])):
        if piece.startswith("{"):
            v = re.sub(r"\s+", " ", value[piece[1]]).strip()
            spans.append({"start": len(text), "end": len(text) + len(v), "label": LABELS[piece[1]]})
            piece = v
        text += piece
    print(json.dumps({"id": f"sentence-{seed}-{n}", "lang": lang, "text": text, "spans": spans}, ensure_ascii=False))
