import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.balance {
    requires static transitive org.jspecify;
    requires transitive dev.treaty.core;
}
