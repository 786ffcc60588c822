package dev.treaty.microprofile;

import org.eclipse.microprofile.faulttolerance.exceptions.FaultToleranceDefinitionException;
import org.jboss.arquillian.container.spi.client.container.DeploymentExceptionTransformer;
import org.jboss.arquillian.container.test.spi.client.deployment.ApplicationArchiveProcessor;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.arquillian.test.spi.TestClass;
import org.jboss.shrinkwrap.api.Archive;
import org.jboss.shrinkwrap.api.asset.EmptyAsset;
import org.jboss.shrinkwrap.api.spec.JavaArchive;
import org.jspecify.annotations.Nullable;

/** Registers what Arquillian needs to run the kit within one JVM. */
public final class KitExtension implements LoadableExtension {
    private static final String BEANS = "META-INF/beans.xml";

    @Override
    public void register(ExtensionBuilder builder) {
        builder.service(ApplicationArchiveProcessor.class, BeanArchive.class);
        builder.service(DeploymentExceptionTransformer.class, DefinitionFault.class);
    }

    /** Makes archives of the kit bean archives, as an application server would. */
    public static final class BeanArchive implements ApplicationArchiveProcessor {
        @Override
        public void process(Archive<?> archive, TestClass test) {
            if (archive instanceof JavaArchive && !archive.contains(BEANS)) {
                archive.add(EmptyAsset.INSTANCE, BEANS);
            }
        }
    }

    /** Unwraps the exception of the extension, which the kit expects, from those of the container. */
    public static final class DefinitionFault implements DeploymentExceptionTransformer {
        @Override
        public @Nullable Throwable transform(@Nullable Throwable failure) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof FaultToleranceDefinitionException) {
                    return cause;
                }
                for (Throwable suppressed : cause.getSuppressed()) {
                    if (transform(suppressed) != null) {
                        return transform(suppressed);
                    }
                }
            }
            return null;
        }
    }
}
