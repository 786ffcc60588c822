import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.cli {
    requires static transitive org.jspecify;
    requires dev.treaty;
    requires info.picocli;

    opens dev.treaty.cli to
            info.picocli;
}
