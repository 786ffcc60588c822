import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.simulation {
    requires static transitive org.jspecify;
    requires transitive dev.treaty;
    requires static org.junit.jupiter.api;
    requires static org.assertj.core;
}
