import java.sql.*;
import java.util.*;

/** The JDBC driver as tools use it: metadata, prepared statements, fetch size, binary transfer. */
public class Client {
  static void show(String title, ResultSet rs, String... columns) throws SQLException {
    System.out.println("== " + title);
    var lines = new ArrayList<String>();
    while (rs.next()) {
      var line = new StringJoiner(" | ");
      for (var c : columns) line.add(String.valueOf(rs.getString(c)));
      lines.add(line.toString());
    }
    rs.close();
    lines.forEach(System.out::println);
  }

  static void rows(String title, ResultSet rs) throws SQLException {
    System.out.println("== " + title);
    var meta = rs.getMetaData();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      System.out.println(meta.getColumnLabel(i) + " " + meta.getColumnTypeName(i) + " " + meta.getColumnType(i));
    }
    while (rs.next()) {
      var line = new StringJoiner(" | ");
      for (int i = 1; i <= meta.getColumnCount(); i++) line.add(String.valueOf(rs.getString(i)));
      System.out.println(line);
    }
    rs.close();
  }

  public static void main(String[] args) throws Exception {
    var env = System.getenv();
    var props = new Properties();
    props.setProperty("user", env.get("PGUSER"));
    props.setProperty("password", env.getOrDefault("PGPASSWORD", ""));
    props.setProperty("prepareThreshold", "2");
    props.setProperty("sslmode", env.getOrDefault("PGSSLMODE", "disable"));
    var url = "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE");
    try (var conn = DriverManager.getConnection(url, props)) {
      var meta = conn.getMetaData();
      System.out.println(meta.getDatabaseProductName() + " " + meta.getURL().startsWith("jdbc:postgresql"));
      meta.getSQLKeywords();
      meta.getTypeInfo().close();
      meta.getTableTypes().close();
      meta.getCatalogs().close();
      meta.getClientInfoProperties().close();
      meta.getFunctions(null, "clinic", "%").close();
      meta.getProcedures(null, "clinic", "%").close();
      meta.getUDTs(null, "clinic", "%", null).close();
      meta.getTablePrivileges(null, "clinic", "departments").close();
      meta.getColumnPrivileges(null, "clinic", "departments", "%").close();
      meta.getSchemas(null, "clin%").close();
      meta.getExportedKeys(null, "clinic", "departments").close();
      meta.getImportedKeys(null, "clinic", "encounters").close();
      meta.getCrossReference(null, "clinic", "departments", null, "clinic", "encounters").close();
      meta.getIndexInfo(null, "clinic", "departments", false, true).close();
      meta.getBestRowIdentifier(null, "clinic", "departments", DatabaseMetaData.bestRowSession, true).close();
      meta.getVersionColumns(null, "clinic", "departments").close();
      show("tables", meta.getTables(null, "clinic", "d%", new String[] {"TABLE"}), "TABLE_SCHEM", "TABLE_NAME");
      show("views", meta.getTables(null, "clinic", "%", new String[] {"VIEW", "MATERIALIZED VIEW"}), "TABLE_NAME");
      for (var table : List.of("departments", "encounters", "Ward List", "v_cohort")) {
        show("columns of " + table, meta.getColumns(null, "clinic", table, "%"), "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE");
      }
      show("primary key", meta.getPrimaryKeys(null, "clinic", "departments"), "COLUMN_NAME", "KEY_SEQ");

      var sql = "SELECT id, last_name, ssn, sex, birth_date, weight_kg, uid, created_at FROM clinic.patients"
          + " WHERE height_cm = ? ORDER BY weight_kg, birth_date, zip";
      String id = null;
      try (var ps = conn.prepareStatement(sql)) {
        for (int turn = 0; turn < 4; turn++) { // from the third on with a named statement, in binary
          ps.setInt(1, 153);
          rows("patients", ps.executeQuery());
        }
        ps.setInt(1, 153);
        try (var rs = ps.executeQuery()) {
          rs.next();
          id = rs.getString(1);
        }
      }
      try (var ps = conn.prepareStatement("SELECT class, los_days FROM clinic.encounters WHERE patient_id = ? ORDER BY 1, 2")) {
        for (int turn = 0; turn < 3; turn++) {
          ps.setString(1, id);
          rows("encounters", ps.executeQuery());
        }
      }
      try (var ps = conn.prepareStatement("SELECT department, count(*) FROM clinic.encounters WHERE patient_id = ANY (?) GROUP BY 1 ORDER BY 1")) {
        ps.setArray(1, conn.createArrayOf("text", new String[] {id, "nobody"}));
        rows("list", ps.executeQuery());
      }
      conn.setAutoCommit(false);
      try (var st = conn.createStatement()) {
        st.setFetchSize(100);
        int n = 0;
        try (var rs = st.executeQuery("SELECT loinc, value FROM clinic.observations")) {
          while (rs.next()) n++;
        }
        System.out.println("fetched " + n);
      }
      conn.rollback();
      conn.setReadOnly(true);
      conn.setAutoCommit(true);
      try (var st = conn.createStatement()) {
        st.executeQuery("SELECT nothing FROM clinic.departments");
      } catch (SQLException e) {
        System.out.println("error " + e.getSQLState());
      }
      try (var st = conn.createStatement()) {
        rows("after the error", st.executeQuery("SELECT name, opened FROM clinic.departments ORDER BY 1"));
      }
    }
  }
}
