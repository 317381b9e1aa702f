"""Pages about notifications: their commands, with a mail server to speak to."""

import readme_test
from harness import *
from readme_test import BLOCKS
from receivers import MailServer


class DocsNotify(StackTest):

    options = {"notifier": 'allow_addresses = ["127.0.0.1"]'}
    sh = readme_test.sh

    def test_the_first_rule(self):
        server = self.enterContext(MailServer())
        self.sh(BLOCKS["notify-first"], MAIL_PORT=str(server.port))
        self.stack.remote("disk", {"type": "local"})
        self.stack.job("photos", f"disk:{self.files}/nothing", f"disk:{self.files}/copy")
        self.stack.wait(self.stack.run("photos"), "failed")
        self.assertEqual([m["to"][0] for m in server.inbox.wait(1)], ["ops@example.org"])

    def test_notifications(self):
        server = self.enterContext(MailServer())
        self.stack.remote("disk", {"type": "local"})
        self.stack.dray("client", "add", "acme")
        self.stack.job("photos", f"disk:{self.files}/nothing", f"disk:{self.files}/copy")
        self.sh(BLOCKS["notify"], MAIL_PORT=str(server.port))
        self.stack.wait(self.stack.run("photos"), "failed")
        self.assertEqual(sorted(m["to"][0] for m in server.inbox.wait(3)),
                         ["ann@example.org", "ops@example.org", "ops@example.org"])
        self.sh(BLOCKS["notify-kinds"])
        self.sh(BLOCKS["notify-deliveries"])
        self.sh(BLOCKS["templates"])


if __name__ == "__main__":
    main()
