package queue

// lane is the jobs that may begin of first tries, or of all others. The two take
// turns, and others may not have all places: what is for hosts that do not answer
// is tried for minutes, and there may be thousands of it, so that it would keep
// each new message waiting for hours.
type lane struct {
	ring   fifo[*entry] // messages with jobs that are ready
	urgent fifo[*job]   // jobs that waited for their destination and have a place there
	active int          // tries under way
}

// laneName tells which lane.
type laneName uint8

const (
	laneFirst laneName = iota
	laneAgain
	lanes
)

// full tells whether no more of a lane may begin.
func (g *engine) full(l laneName) bool {
	return l == laneAgain && g.lanes[l].active >= g.limits.MaxActive-g.limits.MaxActive/4
}

// place is a destination that is in use.
type place struct {
	active  int
	waiting fifo[*job]
}

// list puts a message into the ring of a lane, behind the others.
func (g *engine) list(e *entry, l laneName) {
	if !e.listed[l] && len(e.ready[l]) > 0 {
		e.listed[l] = true
		g.lanes[l].ring.push(e)
	}
}

// pick takes the next job and a place at its destination.
func (g *engine) pick() *job {
	for range lanes {
		g.turn = (g.turn + 1) % lanes
		if g.full(g.turn) {
			continue
		}
		if j := g.pickFrom(g.turn); j != nil {
			j.e.active++
			g.list(j.e, j.lane)
			return j
		}
	}
	return nil
}

// pickFrom takes the next job of a lane.
func (g *engine) pickFrom(l laneName) *job {
	for lane := &g.lanes[l]; ; {
		if j, ok := lane.urgent.pop(); ok {
			switch {
			case j.stage == stageDead:
				g.leave(j.dest)
				continue
			case j.e.chore == choreReport:
				j.hold()
				g.leave(j.dest)
				continue
			}
			j.e.busy++
			return j
		}
		e, ok := lane.ring.pop()
		if !ok {
			return nil
		}
		e.listed[l] = false
		if len(e.ready[l]) == 0 || e.active >= g.limits.MaxPerMessage {
			continue // it was taken out, or is listed when one of its tries has ended
		}
		j := e.ready[l][0]
		e.ready[l] = e.ready[l][1:]
		if g.enter(j) {
			return j
		}
		g.list(e, l)
	}
}

// enter takes a place at a job's destination, or lets the job wait for one.
func (g *engine) enter(j *job) bool {
	p := g.places[j.dest]
	if p == nil {
		p = &place{}
		g.places[j.dest] = p
	}
	if p.active < g.limits.MaxPerDestination {
		p.active++
		return true
	}
	j.stage = stageBlocked
	p.waiting.push(j)
	j.e.busy--
	g.settle(j.e)
	return false
}

// leave gives a place at a destination back, or on to the job that waited
// longest.
func (g *engine) leave(dest string) {
	p := g.places[dest]
	for j, ok := p.waiting.pop(); ok; j, ok = p.waiting.pop() {
		if j.stage != stageDead {
			g.lanes[j.lane].urgent.push(j)
			return
		}
	}
	if p.active--; p.active == 0 {
		delete(g.places, dest)
	}
}
