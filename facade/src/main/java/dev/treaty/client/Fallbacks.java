package dev.treaty.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.ServiceResponse.Failed;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackCache;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Guard;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What answers one client's calls where the service cannot: what the client's code says first, then what is configured,
 * in the order of {@link FallbackPolicy}. The policy is looked up with each call, so that changes count from the next.
 *
 * <p>Each client keeps answers of its own, because their Java types are its own.
 */
public final class Fallbacks implements BiFunction<Call, FallbackPolicy, Fallback<Object>> {
    /** Answers nothing. */
    static final Fallback<Object> NONE = _ -> ServiceResponse.failed(Fallback.NO_ANSWER);

    private static final ScopedValue<Fault> FAULT = ScopedValue.newInstance();

    private final Guard guard;
    private final Alternative alternative;
    private final Time time;
    private final @Nullable Function<Call, Fallback<Object>> code;
    private final Map<String, Configured> configured = new ConcurrentHashMap<>();

    /** Asks another service the same. */
    @FunctionalInterface
    public interface Alternative {
        /** Asks that other service what the call asks. */
        ServiceResponse<?> ask(ServiceName other, Call call) throws InterruptedException;
    }

    /** @param code what the client's own code answers; null where it says nothing */
    public Fallbacks(Guard guard, Alternative alternative, Time time, @Nullable Function<Call, Fallback<Object>> code) {
        this.guard = guard;
        this.alternative = alternative;
        this.time = time;
        this.code = code;
    }

    /** Another implementation of the contract; what it does not implement is not answered. */
    public static <T> Function<Call, Fallback<Object>> implementation(
            Class<T> type, ServiceContract contract, T implementation, BiConsumer<Call, Throwable> mistakes) {
        Handler answer = Dispatcher.of(type, contract, implementation, mistakes);
        return call -> _ -> from(answer.handle(call), Origin.ALTERNATIVE);
    }

    /** What a function of the fault answers. */
    public static <T> Function<Call, Fallback<Object>> degraded(
            Class<T> type,
            ServiceContract contract,
            Function<? super Fault, ? extends T> function,
            BiConsumer<Call, Throwable> mistakes) {
        Object each = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
            try {
                return method.invoke(function.apply(FAULT.get()), arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
        Handler answer = Dispatcher.of(type, contract, type.cast(each), mistakes);
        return call -> fault -> from(ScopedValue.where(FAULT, fault).call(() -> answer.handle(call)), Origin.DEGRADED);
    }

    private static ServiceResponse<Object> from(ServiceResponse<?> answer, Origin origin) {
        return switch (answer) {
            case ServiceResponse.Ok<?>(var value, var _, var _) -> ServiceResponse.ok(value, origin);
            case Failed<?>(var fault, var _) -> ServiceResponse.failed(fault);
        };
    }

    /**
     * Checks the fixed answers for the operations of a contract, as early as the contract is known.
     *
     * @throws IllegalArgumentException where one is not an answer of any operation that it is for
     */
    public void check(ServiceContract contract) {
        var wrong = new LinkedHashMap<String, Optional<String>>(); // by the answer, why it is none
        for (Operation operation : contract.operations()) {
            policy(operation).value().ifPresent(value -> {
                Optional<String> why = why(contract.name(), operation, value);
                wrong.merge(value, why, (one, other) -> one.isEmpty() || other.isEmpty() ? Optional.empty() : one);
            });
        }
        wrong.values().stream().flatMap(Optional::stream).findFirst().ifPresent(why -> {
            throw new IllegalArgumentException(why);
        });
    }

    private static Optional<String> why(ServiceName service, Operation operation, String value) {
        return fixed(new JsonCodec(service, operation), service, operation, value)
                        instanceof Failed<?>(var fault, var _)
                ? Optional.of(fault.message())
                : Optional.empty();
    }

    @SuppressWarnings("NullAway") // an answer of nothing is null, as that of a call is
    private static ServiceResponse<Object> fixed(
            JsonCodec codec, ServiceName service, Operation operation, String value) {
        byte[] json = value.getBytes(UTF_8);
        try {
            return ServiceResponse.ok(codec.readResponse(json, 0, json.length), Origin.STATIC);
        } catch (MessageException e) {
            return ServiceResponse.failed(
                    Code.INTERNAL,
                    "fallback.value of " + service + " is not an answer of " + operation.name() + ": "
                            + e.getMessage());
        }
    }

    private FallbackPolicy policy(Operation operation) {
        return guard.policies().of(operation).fallback();
    }

    @Override
    public Fallback<Object> apply(Call call, FallbackPolicy policy) {
        if (!policy.any()) {
            return code == null ? NONE : code.apply(call);
        }
        Fallback<Object> then = configured(call, policy).fallback(call);
        return code == null ? then : code.apply(call).or(then);
    }

    @SuppressWarnings("ReferenceEquality") // another operation may have other Java types
    private Configured configured(Call call, FallbackPolicy policy) {
        Configured known = configured.get(call.operation().name());
        if (known == null || known.operation != call.operation() || !known.policy.equals(policy)) {
            known = new Configured(call.service(), call.operation(), policy);
            configured.put(call.operation().name(), known);
        }
        return known;
    }

    /** What is answered from the cache: the same question, asked by the same caller in the same way. */
    private record Question(Principal caller, Map<String, String> headers, String request) {}

    /** What is configured for one operation. */
    private final class Configured {
        final ServiceName service;
        final Operation operation;
        final FallbackPolicy policy;
        private final JsonCodec codec;
        private final Optional<ServiceName> other;
        private final @Nullable FallbackCache<Question, Object> answers;

        Configured(ServiceName service, Operation operation, FallbackPolicy policy) {
            this.service = service;
            this.operation = operation;
            this.policy = policy;
            this.codec = new JsonCodec(service, operation);
            this.other = policy.alternative().map(ServiceName::new);
            // Doing something once more is not answered by having done it before.
            this.answers = policy.cacheFor().isZero() || !operation.idempotent() ? null : cache();
        }

        private FallbackCache<Question, Object> cache() {
            Cache<Question, Object> kept = Caffeine.newBuilder()
                    .maximumSize(policy.cacheMax())
                    .expireAfterWrite(policy.cacheFor())
                    .ticker(time::nanoTime)
                    .executor(Runnable::run)
                    .build();
            return new FallbackCache<>() {
                @Override
                public Optional<Object> get(Question question) {
                    return Optional.ofNullable(kept.getIfPresent(question));
                }

                @Override
                public void put(Question question, Object answer) {
                    kept.put(question, answer);
                }
            };
        }

        Fallback<Object> fallback(Call call) {
            Fallback<Object> all = answers == null ? NONE : cached(answers, call);
            if (other.isPresent()) {
                all = all.or(_ -> from(alternative.ask(other.get(), call), Origin.ALTERNATIVE));
            }
            return policy.value().isPresent()
                    ? all.or(
                            _ -> fixed(codec, service, operation, policy.value().get()))
                    : all;
        }

        /** The question is only put together where there is an answer to keep or to find. */
        private Fallback<Object> cached(FallbackCache<Question, Object> cache, Call call) {
            return new Fallback<>() {
                @Override
                public ServiceResponse<Object> answer(Fault fault) throws InterruptedException {
                    return Fallback.cached(cache, question(call)).answer(fault);
                }

                @Override
                public void succeeded(Object answer) {
                    cache.put(question(call), answer);
                }
            };
        }

        private Question question(Call call) {
            var request = new ByteArrayOutputStream();
            codec.writeRequest(call.arguments(), request);
            CallContext context = call.context();
            return new Question(context.caller(), context.headers(), request.toString(ISO_8859_1));
        }
    }
}
