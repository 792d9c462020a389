"""How slow work survives: plans of steps with undos, a log, and one runner that knows about crashes so that no step has
to. Knows the ports it writes its log through, and nothing of what the work is about."""
