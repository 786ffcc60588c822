import org.jspecify.annotations.NullMarked;

/** The command {@code treaty}. */
@NullMarked
module dev.treaty.cli {
    requires static transitive org.jspecify;
    requires dev.treaty;
    requires dev.treaty.registry.dns;
    requires dev.treaty.registry.doors;
    requires info.picocli;
    requires java.net.http;
    requires HdrHistogram;

    opens dev.treaty.cli to
            info.picocli;
}
