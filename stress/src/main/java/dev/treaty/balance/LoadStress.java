package dev.treaty.balance;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Description;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Two calls of one {@link Load}, one of which fails. */
@JCStressTest
@Description("Both calls are counted and no call is in flight.")
@Outcome(id = "0, 2, 1", expect = ACCEPTABLE, desc = "both")
@State
public class LoadStress {
    private final Load load = new LoadTracker(LoadPolicy.DEFAULT).load();

    @Actor
    public void goesWell() {
        load.begin();
        load.succeeded(1_000, 100);
    }

    @Actor
    public void fails() {
        load.begin();
        load.failed(1_000, 300, 0);
    }

    @Arbiter
    public void after(III_Result r) {
        r.r1 = load.inFlight();
        r.r2 = (int) load.ended();
        r.r3 = (int) load.failures();
    }
}
