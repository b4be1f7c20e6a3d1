#!/usr/bin/env python3
"""Writes marked clinical letters of five languages as JSON Lines, with names and places of
mimesis, which no list of Veil has seen.

    letters.py SEED COUNT LANGUAGE
"""
import json
import random
import re
import sys

from mimesis import Address, Person
from mimesis.locales import Locale
LETTERS = {
 "de": ["Sehr geehrte Frau Kollegin {F},\n\nwir berichten über Herrn {N}, geb. am {B}, wohnhaft {A}, {Z} {C}, der sich vom {D} bis {D2} in unserer stationären Behandlung befand.\n\nDiagnosen: Morbus Crohn, Z.n. Billroth-II-Operation\nMedikation: Ramipril 5 mg 1-0-0, Marcumar nach INR\n\nMit freundlichen kollegialen Grüßen\nDr. med. {N2}\nOberarzt",
   "ENTLASSBRIEF\nPatientin: {FN}, geb. {B}\nFallnummer: {I}\nAufnahme: {D}  Entlassung: {D2}\nFrau {F1} stellte sich mit Dyspnoe NYHA III vor. Der Sohn {G} ({P}) wurde am {D} telefonisch informiert. Hausarzt: Dr. {F}, {C}. Weiterbehandlung bei Kollegin {F}.",
   "Pflegebericht {D}, Frühdienst: Hr. {F1} wurde mobilisiert, RR 130/80. Tochter {G} {F1} war zu Besuch und bittet um Rückruf unter {P}. Wunde an der Ferse links reizlos. gez. Schwester {G}",
   "OP-Bericht\nName: {FN}   Geb.: {B}   Pat.-Nr.: {I}\nOP-Datum: {D}\nOperateur: {N2}\nAssistenz: Dr. {F}\nDiagnose: Cholezystolithiasis. In ITN Anlage eines Veress-Pneumoperitoneums, Calot-Dreieck präpariert. Blutverlust 50 ml. Redon-Drainage.",
   "Befund Radiologie vom {D}\nPatient {N}, *{B}\nZuweiser: Praxis Dr. {F}, {A}, {Z} {C}, Tel. {P}\nCT Thorax: kein Anhalt für Rundherde, Baker-Zyste rechts 3,2 cm. Vergleich mit {D2}.\n{N2}, Facharzt für Radiologie",
   "Anamnese: {N} ({B}) lebt mit Ehefrau {G} in {C}. Versicherten-Nr. {I}, E-Mail {E}. Herr {F1} raucht nicht; zuletzt am {D2} bei Frau Dr. {F} wegen Hashimoto-Thyreoiditis."],
 "es": ["INFORME DE ALTA\nPaciente: {N}   NHC: {I}\nFecha de nacimiento: {B}   Domicilio: {A}, {Z} {C}\nIngreso: {D}   Alta: {D2}\nVarón con enfermedad de Crohn. Se informa a su hija {G} (tel. {P}).\nFdo.: Dra. {N2}",
   "Estimado Dr. {F}: le remito a Dña. {N}, nacida el {B}, residente en {C}, con signo de Murphy positivo. Contacto: {E}. Un saludo, {N2}",
   "Nota de enfermería {D}: el Sr. {F1} pasa buena noche, TA 120/70. Acude su esposa {G}. Avisado Dr. {F}."],
 "fr": ["COMPTE RENDU D'HOSPITALISATION\nPatient : {N}, né le {B}\nIPP : {I}\nAdresse : {A}, {Z} {C}\nHospitalisé du {D} au {D2} pour une maladie de Basedow. Sa fille {G} est joignable au {P}.\nDr {N2}",
   "Cher confrère, je vous adresse Mme {N}, née le {B}, demeurant {A} à {C}, suivie par le Dr {F} pour un syndrome de Raynaud. Mail : {E}. Bien confraternellement, Dr {N2}",
   "Transmissions du {D} : M. {F1} s'est levé, TA 12/8. Visite de son épouse {G}. Dr {F} prévenu."],
 "nl": ["ONTSLAGBRIEF\nPatiënt: {N}, geb. {B}\nPatiëntnummer: {I}\nAdres: {A}, {Z} {C}\nOpgenomen van {D} tot {D2} wegens de ziekte van Crohn. Dochter {G} is bereikbaar op {P}.\nDr. {N2}, internist",
   "Geachte collega {F}, hierbij verwijs ik mevrouw {N} (geb. {B}) uit {C} met fenomeen van Raynaud. E-mail: {E}. Met vriendelijke groet, {N2}",
   "Verpleegkundig verslag {D}: dhr. {F1} sliep goed, RR 130/80. Echtgenote {G} op bezoek. Dr. {F} gebeld."],
 "it": ["LETTERA DI DIMISSIONE\nPaziente: {N}, nato il {B}\nCartella clinica: {I}\nResidente in {A}, {Z} {C}\nRicovero dal {D} al {D2} per morbo di Crohn. La figlia {G} risponde al {P}.\nDott. {N2}",
   "Gentile collega {F}, invio la signora {N} (nata il {B}) di {C} con segno di Murphy positivo. E-mail: {E}. Cordiali saluti, {N2}",
   "Diario infermieristico {D}: il sig. {F1} ha riposato, PA 120/70. In visita la moglie {G}. Avvisato il dott. {F}."]}
NAMES_OF = {"de": ["de", "de-at", "de-ch", "hr", "pl", "tr", "cs"], "es": ["es", "es-mx", "pt"], "fr": ["fr", "it", "pt"], "nl": ["nl", "nl-be", "tr"], "it": ["it", "es", "hr"]}
STAY = ["Morbus Crohn", "Billroth", "Marcumar", "Veress", "Calot", "Redon", "Baker-Zyste", "Hashimoto", "Crohn", "Murphy", "Basedow", "Raynaud", "NYHA III", "Ramipril", "130/80", "120/70", "12/8"]
LABELS = {"N": "NAME", "N2": "NAME", "G": "NAME", "F": "NAME", "F1": "NAME", "FN": "NAME", "A": "LOCATION", "C": "LOCATION", "Z": "LOCATION", "D": "DATE", "D2": "DATE", "B": "DATE", "P": "PHONE", "E": "EMAIL", "I": "ID"}
MONTHS = {"de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember", "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre", "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre", "nl": "januari februari maart april mei juni juli augustus september oktober november december", "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"}

seed, count, lang = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
draw = random.Random(seed)
people = {loc: Person(Locale(loc), seed=seed) for loc in [lang, *NAMES_OF[lang]]}
places = Address(Locale(lang), seed=seed)


def date(first, last):
    """A day, and one of the ways to write it."""
    year, month, day = draw.randint(first, last), draw.randint(1, 12), draw.randint(1, 28)
    name = MONTHS[lang].split()[month - 1]
    dot, of = (". " if lang == "de" else " de " if lang == "es" else " "), (" de " if lang == "es" else " ")
    return draw.choice([f"{day:02}.{month:02}.{year}", f"{day}.{month}.{year % 100:02}", f"{day:02}/{month:02}/{year}",
                        f"{day}{dot}{name}{of}{year}", f"{year}-{month:02}-{day:02}"]), f"{year:04}-{month:02}-{day:02}"


for n in range(count):
    person, doctor = people[draw.choice(NAMES_OF[lang])], people[lang]
    given, family, child = person.name(), person.surname(), person.name()
    born, iso = date(1930, 2004)
    number = draw.choice([str(draw.randint(10**6, 10**8)), f"{draw.choice('ABKX')}{draw.randint(10**5, 10**8)}",
                          f"{draw.randint(100, 999)}-{draw.randint(1000, 9999)}"])
    record = {"N": f"{given} {family}", "FN": f"{family}, {given}", "F1": family, "G": child, "A": places.address(),
              "C": places.city(), "Z": places.zip_code(), "B": born, "P": doctor.telephone(), "E": doctor.email(), "I": number}
    others = {"F": doctor.surname, "N2": doctor.full_name, "D": lambda: date(2015, 2025)[0], "D2": lambda: date(2015, 2025)[0]}
    text, spans, doctors = "", [], []
    for piece in re.split(r"(\{\w+\})", draw.choice(LETTERS[lang])):
        if piece.startswith("{"):
            key = piece[1:-1]
            piece = re.sub(r"\s+", " ", record.get(key) or others[key]()).strip()
            span = {"start": len(text), "end": len(text) + len(piece), "label": LABELS[key]}
            if key in record and key not in ("G", "E"):
                span["known"] = "exact"
            if key in ("F", "N2"):
                doctors.append(piece)
            spans.append(span)
        text += piece
    neg = [{"start": m.start(), "end": m.end(), "kind": "eponym"} for word in STAY for m in re.finditer(re.escape(word), text)]
    known = {"names": [record["N"], f"{child} {family}", *doctors], "ids": [number], "phones": [record["P"]],
             "addresses": [record["A"], record["C"], record["Z"]], "dates": [iso]}
    print(json.dumps({"id": f"letter-{lang}-{seed}-{n}", "lang": lang, "text": text, "spans": spans, "neg": neg, "known": known}, ensure_ascii=False))
