package dev.treaty.example.shop;

import dev.treaty.core.health.HealthSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

/** The switch behind {@link Chaos}: makes the calls of the services it is put around wait. Off until somebody asks. */
final class Slowness implements Chaos {
    private volatile long millis;

    @Override
    public void delay(long millis) {
        if (millis < 0 || millis > DELAY_MILLIS_MAX) {
            throw Checks.refusal("the delay is " + millis + " ms: use 0 to " + DELAY_MILLIS_MAX);
        }
        this.millis = millis;
    }

    /**
     * That implementation, made slow whenever this is switched on. It waits before the work, holding nothing; how it
     * feels it says at once.
     */
    <T> T around(Class<T> contract, T implementation) {
        Class<?>[] faces = implementation instanceof HealthSource
                ? new Class<?>[] {contract, HealthSource.class}
                : new Class<?>[] {contract};
        return contract.cast(Proxy.newProxyInstance(contract.getClassLoader(), faces, (_, method, arguments) -> {
            if (method.getDeclaringClass() != HealthSource.class) {
                TimeUnit.MILLISECONDS.sleep(millis);
            }
            try {
                return method.invoke(implementation, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }
}
