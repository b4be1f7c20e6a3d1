"""pgAdmin 4 in desktop mode: the tree of a database, the properties and SQL of its
tables, the dashboard, the query tool and the data of a table, by the requests that
its pages send. It prints names and rows, not OIDs; each request must succeed."""

import builtins
import importlib.util
import json
import os
import sys
import time

work = sys.argv[1]
package = importlib.util.find_spec("pgadmin4").submodule_search_locations[0]
sys.path.insert(0, package)
builtins.SERVER_MODE = False

import config  # noqa: E402

for name, path in {"DATA_DIR": "", "SQLITE_PATH": "pgadmin.db", "LOG_FILE": "log", "SESSION_DB_PATH": "sessions",
                   "STORAGE_DIR": "storage", "AZURE_CREDENTIAL_CACHE_DIR": "azure"}.items():
    setattr(config, name, os.path.join(work, path))
config.MASTER_PASSWORD_REQUIRED = config.UPGRADE_CHECK_ENABLED = config.USE_OS_SECRET_STORAGE = False

from pgadmin import create_app  # noqa: E402

app = create_app()
app.PGADMIN_RUNTIME, app.PGADMIN_INT_KEY = True, ""
app.run_before_app_start()
app.config["WTF_CSRF_ENABLED"] = False
web = app.test_client()


def ask(url, body=None):
    response = web.get(url) if body is None else web.post(url, data=json.dumps(body), content_type="application/json")
    if response.status_code != 200:
        raise SystemExit(f"{url}: {response.status_code} {response.data[:500]!r}")
    return response


web.get("/browser/")
server = json.loads(ask("/browser/server/obj/1/", {
    "gid": 1, "name": "server", "host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "db": os.environ["PGDATABASE"],
    "username": os.environ["PGUSER"], "password": os.environ["PGPASSWORD"], "save_password": False, "connect_now": True,
    "connection_params": [{"name": "sslmode", "keyword": "sslmode", "value": "disable"}]}).data)["node"]["_id"]


def nodes(kind, *ids):
    got = json.loads(ask(f"/browser/{kind}/nodes/1/{server}/" + "".join(f"{i}/" for i in ids)).data)["data"] or []
    return {n["label"]: n["_id"] for n in got}


databases = nodes("database")
database = databases[os.environ["PGDATABASE"]]
print("database", True)
ask(f"/browser/database/connect/1/{server}/{database}", {"password": os.environ["PGPASSWORD"]})
schemas = nodes("schema", database)
print("schemas", [s for s in sorted(schemas) if s == "clinic"])
clinic = schemas["clinic"]
tables = nodes("table", database, clinic)
print("tables", [t for t in sorted(tables) if not t.startswith(("claims_", "visits_"))])  # plain tables in the copy
print("views", sorted(nodes("view", database, clinic)), sorted(nodes("mview", database, clinic)))
for kind in ("function", "procedure", "trigger_function", "type", "domain", "sequence", "foreign_table", "collation"):
    nodes(kind, database, clinic)
for name in ("departments", "encounters", "patients", "claims", "Ward List"):
    table = tables[name]
    keys = sorted(nodes("primary_key", database, clinic, table))
    print(name, list(nodes("column", database, clinic, table)), keys if name != "claims" else "a partitioned table, which the copy has not")
    for kind in ("index", "trigger", "rule", "foreign_key", "unique_constraint", "exclusion_constraint"):
        nodes(kind, database, clinic, table)
    if name == "claims":
        continue  # the properties of a partitioned table have its bounds, which Veil hides
    where = f"1/{server}/{database}/{clinic}/{table}"
    properties = json.loads(ask(f"/browser/table/obj/{where}").data)
    print([(c["name"], c["displaytypname"]) for c in properties["columns"] if name == "departments"])
    ask(f"/browser/table/sql/{where}")
    ask(f"/browser/table/stats/{where}")
ask(f"/dashboard/dashboard_stats/{server}/{database}?chart_names=session_stats,tps_stats,ti_stats,to_stats,bio_stats")
for page in ("activity", "locks", "prepared"):
    ask(f"/dashboard/{page}/{server}/{database}")


def rows(transaction):
    for _ in range(200):
        data = json.loads(ask(f"/sqleditor/poll/{transaction}").data)["data"]
        if data["status"] == "Success":
            return data["result"]
        if data["status"] != "Busy":
            raise SystemExit(f"poll: {data}")
        time.sleep(0.1)
    raise SystemExit("the statement does not end")


account = {"user": os.environ["PGUSER"], "password": os.environ["PGPASSWORD"], "dbname": os.environ["PGDATABASE"]}
ask(f"/sqleditor/initialize/sqleditor/1001/1/{server}/{database}", account)
for sql in ("SELECT name, floor, opened FROM clinic.departments ORDER BY name",
            "SELECT department, count(*), sum(los_days) FROM clinic.encounters GROUP BY 1 ORDER BY 1",
            "SELECT nothing FROM clinic.departments"):
    ask("/sqleditor/query_tool/start/1001", {"sql": sql, "explain_plan": None})
    try:
        print(rows(1001))
    except SystemExit:
        print("error:", "nothing" in sql)
ask(f"/sqleditor/initialize/viewdata/1002/3/table/1/{server}/{database}/{tables['departments']}", {"sql_filter": "", **account})
ask("/sqleditor/view_data/start/1002")
print(sorted(rows(1002)))
