import dev.treaty.core.event.Events;
import dev.treaty.core.security.Token;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.security.IssuePolicy;
import dev.treaty.security.TokenAuthenticator;
import dev.treaty.security.TokenFollower;
import dev.treaty.security.TokenPolicy;
import dev.treaty.security.TokenProtocol.Issued;
import dev.treaty.security.TokenService;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

class TokenExample {
    void tokens(Time time, Events events) throws Exception {
        // @start region="tokens"
        try (var service =
                        new TokenService(Path.of("tokens"), IssuePolicy.STANDARD, time, events, RandomSource.secure());
                var follower = new TokenFollower(service, time, events, RandomSource.system()).started();
                var authenticator = new TokenAuthenticator(
                        TokenPolicy.own(Set.of("shop.Orders")),
                        Optional.of(follower),
                        Optional.of(service),
                        time,
                        events,
                        System.out::println)) { // why credentials are refused
            Issued issued = service.issue("alice", List.of("shop.Orders"), 3_600, Optional.empty(), Optional.empty());
            Token token = authenticator.validate(issued.token());
            System.out.println(token.subject()); // alice
            service.revoke(issued.id()); // every process refuses it from now on
        }
        // @end
    }
}
