import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;

/** Hibernate, page by page through a table by its id. */
public class Client {
    @Entity(name = "Thing")
    @Table(name = "things", schema = "k")
    public static class Thing {
        @Id public String id;
        public int kind;
        public String label;
    }

    static List<String> show(String title, List<Thing> things) throws Exception {
        List<String> rows = new ArrayList<>(), ids = new ArrayList<>();
        for (Thing t : things) {
            rows.add(t.id + " " + t.kind + " " + t.label);
            ids.add(t.id);
        }
        rows.sort(null);
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(String.join("\n", rows).getBytes(StandardCharsets.UTF_8));
        System.out.println(title + " " + rows.size() + " " + new HashSet<>(rows).size() + " " + HexFormat.of().formatHex(sum));
        return ids;
    }

    public static void main(String[] args) throws Exception {
        var env = System.getenv();
        Configuration config = new Configuration().addAnnotatedClass(Thing.class)
            .setProperty("hibernate.connection.url", "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE") + "?sslmode=disable")
            .setProperty("hibernate.connection.username", env.get("PGUSER"))
            .setProperty("hibernate.connection.password", env.get("PGPASSWORD"));
        try (SessionFactory factory = config.buildSessionFactory(); Session session = factory.openSession()) {
            List<Thing> pages = new ArrayList<>(), page = session.createQuery("from Thing order by id", Thing.class).setMaxResults(997).list();
            while (!page.isEmpty()) {
                pages.addAll(page);
                page = session.createQuery("from Thing where id > :after order by id", Thing.class)
                    .setParameter("after", page.get(page.size() - 1).id).setMaxResults(997).list();
            }
            List<String> byKey = show("keyset", pages);
            pages.clear();
            for (int at = 0; at < byKey.size(); at += 1000) {
                pages.addAll(session.createQuery("from Thing order by id", Thing.class).setFirstResult(at).setMaxResults(1000).list());
            }
            System.out.println("one order " + byKey.equals(show("offset", pages)));
            pages.clear();
            page = session.createQuery("from Thing order by id desc", Thing.class).setMaxResults(2500).list();
            while (!page.isEmpty()) {
                pages.addAll(page);
                page = session.createQuery("from Thing where id < :before order by id desc", Thing.class)
                    .setParameter("before", page.get(page.size() - 1).id).setMaxResults(2500).list();
            }
            show("backwards", pages);
            Object[] ends = session.createQuery("select min(id), max(id) from Thing", Object[].class).getSingleResult();
            System.out.println("ends " + (ends[0].equals(byKey.get(0)) && ends[1].equals(byKey.get(byKey.size() - 1))));
            System.out.println("found " + session.find(Thing.class, byKey.get(77)).id.equals(byKey.get(77)));
            System.out.println("in " + session.createQuery("select count(*) from Thing where id in :ids", Long.class).setParameterList("ids", byKey.subList(0, 900)).getSingleResult());
        }
    }
}
