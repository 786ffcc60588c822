package dev.treaty.security;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A service of tokens that can be away, and counts what it is asked. */
final class UnreliableService {
    private UnreliableService() {}

    static TokenProtocol of(TokenProtocol service, AtomicBoolean away, AtomicInteger asked) {
        return (TokenProtocol) Proxy.newProxyInstance(
                UnreliableService.class.getClassLoader(),
                new Class<?>[] {TokenProtocol.class},
                (_, method, arguments) -> {
                    asked.incrementAndGet();
                    if (away.get()) {
                        throw new ServiceException(Code.UNAVAILABLE, "away");
                    }
                    try {
                        return method.invoke(service, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
