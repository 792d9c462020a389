/* Keeps an open page true: asks for it again as a stream of events, and puts what has changed in its place. */
"use strict";
