package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.random.RandomGenerator;

/** Any instance that takes calls, each as likely as its weight. */
public final class RandomChoice implements LoadBalancer {
    private final RandomGenerator random;

    /** A picker with that source of chance. */
    public RandomChoice(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public int pick(Candidates candidates, Call call, long nowNanos) {
        return candidates.drawFitting(call, nowNanos, random);
    }
}
