import org.jspecify.annotations.NullMarked;

/** Who calls and what a caller may do: TLS from files, tokens and API keys, and rules of access. */
@NullMarked
@SuppressWarnings("module") // the modules that the qualified export names are compiled later
module dev.treaty.security {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
    requires dev.treaty.codec;
    requires com.nimbusds.jose.jwt;
    requires java.net.http;

    exports dev.treaty.security;
    exports dev.treaty.security.tls to
            dev.treaty,
            dev.treaty.cli;
}
