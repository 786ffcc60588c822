package dev.treaty.benchmarks.balance;

import com.twitter.finagle.Http;
import com.twitter.finagle.Service;
import com.twitter.finagle.http.Method;
import com.twitter.finagle.http.Request;
import com.twitter.finagle.http.Response;
import com.twitter.finagle.loadbalancer.Balancers$;
import com.twitter.finagle.service.ReqRep;
import com.twitter.finagle.service.ResponseClass;
import com.twitter.util.Await;
import com.twitter.util.Duration;
import com.twitter.util.Future;
import com.twitter.util.Return;
import com.twitter.util.Try;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import scala.runtime.AbstractPartialFunction;

/**
 * Finagle's HTTP client with peak-EWMA of two choices, its failure accrual, and its retries within a budget. Requests
 * begin on a platform thread, as in a service of Finagle's own: its balancer spins until another thread has opened an
 * endpoint, and where that other one is a virtual thread that waits for a carrier, it does so for ever.
 */
final class FinagleSubject implements Subject {
    private static final int OK = 200;
    private static final String BODY = "{\"question\":\"how\"}";

    private final ExecutorService starter = Executors.newSingleThreadExecutor();
    private final Service<Request, Response> client;

    FinagleSubject(List<Integer> ports) {
        String name = ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
        var balancers = Balancers$.MODULE$;
        client = Http.client()
                .withLoadBalancer()
                .apply(balancers.p2cPeakEwma(balancers.p2cPeakEwma$default$1(), balancers.p2cPeakEwma$default$2()))
                .withResponseClassifier(new Judgement())
                .methodBuilder(name)
                .withTimeoutTotal(Duration.fromMilliseconds(DEADLINE.toMillis()))
                .withTimeoutPerRequest(Duration.fromMilliseconds(ATTEMPT.toMillis()))
                .withRetryForClassifier(new Judgement())
                .withMaxRetries(ATTEMPTS - 1)
                .newService("tail");
    }

    /** Whatever is no answer of the kind that is wanted may be tried again, and counts against the instance. */
    private static final class Judgement extends AbstractPartialFunction<ReqRep, ResponseClass> {
        @Override
        public boolean isDefinedAt(ReqRep any) {
            return true;
        }

        @Override
        public ResponseClass apply(ReqRep tried) {
            return well(tried.response()) ? ResponseClass.Success() : ResponseClass.RetryableFailure();
        }

        private static boolean well(Try<Object> answer) {
            return answer instanceof Return<?> returned
                    && returned.get() instanceof Response response
                    && response.statusCode() == OK;
        }
    }

    @Override
    public boolean call() {
        Request request = Request.apply(Method.Post(), Instances.PATH);
        request.host("127.0.0.1");
        request.setContentTypeJson();
        request.setContentString(BODY);
        try {
            Future<Response> answer =
                    starter.submit(() -> client.apply(request)).get();
            return Await.result(answer).statusCode() == OK;
        } catch (Exception e) {
            return false;
        }
    }

    @Override
    public void close() {
        client.close();
        starter.shutdownNow();
    }
}
