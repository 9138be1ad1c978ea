# One verb each; ./dev does the work and `./dev VERB --help` explains it. ARGS passes options on: make demo ARGS=--exit
VERBS := demo up down status lag logs rebuild reset doctor lint test bench reconcile pictures
.PHONY: help $(VERBS)
help:
	@./dev --help
$(VERBS):
	@./dev $@ $(ARGS)
