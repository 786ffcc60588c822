import org.jspecify.annotations.NullMarked;

/** A small shop of several services: what {@code treaty demo} starts. */
@NullMarked
module dev.treaty.example.shop {
    requires static transitive org.jspecify;
    requires transitive dev.treaty;
    requires com.h2database;
    requires com.zaxxer.hikari;
    requires java.sql;

    exports dev.treaty.example.shop;
}
