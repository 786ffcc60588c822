import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.example.shop {
    requires static transitive org.jspecify;
    requires dev.treaty;
    requires com.h2database;
    requires com.zaxxer.hikari;
    requires java.sql;
}
