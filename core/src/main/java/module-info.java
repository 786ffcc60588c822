import org.jspecify.annotations.NullMarked;

@NullMarked
module dev.treaty.core {
    requires static transitive org.jspecify;
}
