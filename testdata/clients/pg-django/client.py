"""Django's ORM over models of its own, and inspectdb."""

import io
import os

import django
from django.conf import settings

settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
    "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
    "OPTIONS": {"options": "-c search_path=clinic,public"}, "CONN_HEALTH_CHECKS": True}},
    USE_TZ=True, TIME_ZONE="Europe/Berlin", DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from django.core import management  # noqa: E402
from django.core.paginator import Paginator  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models.functions import ExtractYear, Upper  # noqa: E402


class Department(models.Model):
    name = models.TextField(primary_key=True)
    floor = models.IntegerField()
    beds = models.IntegerField()

    class Meta:
        app_label, db_table, managed = "clinic", "departments", False


class Patient(models.Model):
    id = models.TextField(primary_key=True)
    sex = models.TextField()
    birth_date = models.DateField()
    active = models.BooleanField()
    height_cm = models.IntegerField()

    class Meta:
        app_label, db_table, managed = "clinic", "patients", False


class Encounter(models.Model):
    id = models.UUIDField(primary_key=True)
    patient = models.ForeignKey(Patient, models.DO_NOTHING)
    department = models.ForeignKey(Department, models.DO_NOTHING, db_column="department", related_name="stays")
    los_days = models.IntegerField(null=True)

    class Meta:
        app_label, db_table, managed = "clinic", "encounters", False


def show(title, rows):
    print("==", title)
    for row in rows:
        print(row)


show("all", Department.objects.order_by("name").values_list("name", "floor", "beds"))
show("get", [Department.objects.get(name="cardiology").beds if Department.objects.filter(name="cardiology").exists() else None])
show("upper", Department.objects.annotate(u=Upper("name")).order_by("u").values_list("u", flat=True)[:2])
show("annotate", Encounter.objects.values("department__floor").annotate(n=models.Count("pk"), days=models.Sum("los_days")).order_by("department__floor").values_list("department__floor", "n", "days"))
show("year", Patient.objects.annotate(y=ExtractYear("birth_date")).values("y").annotate(n=models.Count("*")).order_by("y").values_list("y", "n")[:5])
some = list(Patient.objects.filter(height_cm=153).order_by("height_cm", "birth_date").values_list("pk", flat=True)[:3])
show("in", [Encounter.objects.filter(patient_id__in=some).count(), Encounter.objects.filter(patient__pk=some[0]).count()])
show("select_related", sorted((e.patient.sex, e.department.floor) for e in Encounter.objects.select_related("patient", "department").filter(los_days__gt=8))[:5])
show("distinct", sorted(Encounter.objects.values_list("department", flat=True).distinct()))
pages = Paginator(Department.objects.order_by("name"), 2)
show("pages", [[d.name for d in pages.page(n)] for n in pages.page_range])
print("first", Patient.objects.filter(height_cm=153).first() is not None)
with transaction.atomic():
    print("iterator", sum(1 for _ in Encounter.objects.iterator(chunk_size=200)))
with transaction.atomic(), connection.cursor() as cur:
    cur.execute("SELECT count(*) FROM clinic.departments WHERE floor = %s", [1])
    print("raw", cur.fetchone())
connection.close()
print("tables", [t for t in ("departments", "encounters", "patients") if t in connection.introspection.table_names()])
out = io.StringIO()
management.call_command("inspectdb", "departments", stdout=out)
# Columns of the masked copy can all be NULL: what else is said of them is the same.
print([line.strip().replace("blank=True, null=True", "") for line in out.getvalue().splitlines() if " = models." in line])
