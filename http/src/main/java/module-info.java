import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.http {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires io.helidon.webserver;
    requires tools.jackson.databind;
}
