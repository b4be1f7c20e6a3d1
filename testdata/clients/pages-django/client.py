"""Django's ORM, page by page through a table by its id."""

import hashlib
import os

import django
from django.conf import settings

settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
    "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
    "OPTIONS": {"options": "-c search_path=k"}}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from django.core.paginator import Paginator  # noqa: E402
from django.db import models  # noqa: E402


class Thing(models.Model):
    id = models.TextField(primary_key=True)
    kind = models.IntegerField()
    label = models.TextField()

    class Meta:
        app_label, db_table, managed = "k", "things", False


def show(title, pages):
    rows = [(t.id, t.kind, t.label) for page in pages for t in page]
    digest = hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()
    print(title, len(rows), len(set(rows)), digest)
    return rows


def keyset(things, size):
    page = list(things.order_by("pk")[:size])
    while page:
        yield page
        page = list(things.filter(pk__gt=page[-1].pk).order_by("pk")[:size])


def backwards(things, size):
    page = list(things.order_by("-pk")[:size])
    while page:
        yield page
        page = list(things.filter(pk__lt=page[-1].pk).order_by("-pk")[:size])


things = Thing.objects.all()
by_key = show("keyset", keyset(things, 997))
by_offset = show("offset", (p.object_list for p in Paginator(things.order_by("pk"), 1000)))
back = show("backwards", backwards(things, 2500))
print("one order", by_key == by_offset == back[::-1])
show("filtered", keyset(things.filter(kind__gt=3), 500))
first, last = things.order_by("pk").first(), things.order_by("pk").last()
print("ends", (first.id, last.id) == (by_key[0][0], by_key[-1][0]), things.filter(pk__range=(first.pk, last.pk)).count())
print("slice", [(t.id, t.kind, t.label) for t in things.order_by("pk")[4321:4331]] == by_key[4321:4331])
print("in", things.filter(pk__in=[r[0] for r in by_key[:3000]]).count(), things.filter(pk=by_key[77][0]).get().label == by_key[77][2])
