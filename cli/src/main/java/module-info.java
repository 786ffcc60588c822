import org.jspecify.annotations.NullMarked;

/** The command {@code treaty}. */
@NullMarked
@SuppressWarnings("module") // the modules that the qualified exports name are compiled later
module dev.treaty.cli {
    requires static transitive org.jspecify;
    requires dev.treaty;
    requires dev.treaty.certificates;
    requires dev.treaty.registry.dns;
    requires dev.treaty.registry.compat;
    requires info.picocli;
    requires java.net.http;

    exports dev.treaty.cli to
            dev.treaty.demo,
            info.picocli;
    exports dev.treaty.cli.output to
            dev.treaty.demo;
    exports dev.treaty.cli.secure to
            dev.treaty.demo;
    exports dev.treaty.cli.up to
            dev.treaty.demo;

    opens dev.treaty.cli to
            info.picocli;
    opens dev.treaty.cli.certs to
            info.picocli;
    opens dev.treaty.cli.config to
            info.picocli;
    opens dev.treaty.cli.contract to
            info.picocli;
    opens dev.treaty.cli.shell to
            info.picocli;
    opens dev.treaty.cli.up to
            info.picocli;

    uses dev.treaty.cli.ExtraCommand;
}
