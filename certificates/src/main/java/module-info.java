import org.jspecify.annotations.NullMarked;

/** A certificate authority for development and tests. */
@NullMarked
module dev.treaty.certificates {
    requires static transitive org.jspecify;
    requires dev.treaty.core;
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;

    exports dev.treaty.certificates;
}
