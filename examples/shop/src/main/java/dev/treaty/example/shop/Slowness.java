package dev.treaty.example.shop;

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

    /** That implementation, made slow whenever this is switched on. It waits before the work, holding nothing. */
    <T> T around(Class<T> contract, T implementation) {
        return contract.cast(Proxy.newProxyInstance(
                contract.getClassLoader(), new Class<?>[] {contract}, (_, method, arguments) -> {
                    TimeUnit.MILLISECONDS.sleep(millis);
                    try {
                        return method.invoke(implementation, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }
}
