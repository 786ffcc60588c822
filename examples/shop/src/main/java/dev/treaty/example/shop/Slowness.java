package dev.treaty.example.shop;

import dev.treaty.core.health.HealthSource;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;

/** Delays the calls of the services that it wraps. There is no delay at first. */
final class Slowness implements Chaos {
    private volatile long millis;

    @Override
    public void delay(long millis) {
        if (millis < 0 || millis > DELAY_MILLIS_MAX) {
            throw Checks.invalid("the delay is " + millis + " ms: use 0 to " + DELAY_MILLIS_MAX);
        }
        this.millis = millis;
    }

    /**
     * Wraps the implementation of a contract. A call is delayed before the work begins, so that it holds no locks or
     * connections meanwhile. Health is reported without delay.
     */
    <T> T wrap(Class<T> contract, T implementation) {
        Class<?>[] interfaces = implementation instanceof HealthSource
                ? new Class<?>[] {contract, HealthSource.class}
                : new Class<?>[] {contract};
        return contract.cast(Proxy.newProxyInstance(contract.getClassLoader(), interfaces, (_, method, arguments) -> {
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
