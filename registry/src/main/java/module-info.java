import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.registry {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
}
