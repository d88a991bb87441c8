package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A world is what a lab holds and where it is to be reached. It is kept in the
// data folder, readable by its owner only, so that `lab env` can tell of it and
// a second start finds what the first one made.
type world struct {
	Format int    `json:"format"` // of this file
	Name   string `json:"name"`   // the installation's own name
	Port   int    `json:"port"`
	CAFile string `json:"caFile"`
	Bundle string `json:"bundle"` // the lab's authority with those of the system

	A organization `json:"contoso"`
	B organization `json:"fabrikam"`
	C organization `json:"northwind"`

	Chain  chain  `json:"chain"`
	Host   host   `json:"host"`
	Worker worker `json:"worker"`

	SecretApp client `json:"secretApp"` // a confidential client in B
	CertApp   client `json:"certApp"`
	PublicApp client `json:"publicApp"`
	SecretA   client `json:"secretA"` // what SecretApp is in B, in A

	Access access `json:"access"`
	Sample sample `json:"sample"`
	Desk   desk   `json:"desk"`
	Story  string `json:"story"`  // which are told: one of Stories
	Mapped bool   `json:"mapped"` // hosts are mapped, and a credential may be typed by Microsoft's
	Proxy  string `json:"proxy"`  // address of the mapping proxy, or ""
	Played bool   `json:"played"`
	Told   bool   `json:"told"` // what Story names was played to its end, by this start or an earlier one
}

// worldFormat changes when an older file can no longer be read.
const worldFormat = 2

// An organization is one tenant with the people the lab seeded.
type organization struct {
	Label   string    `json:"label"` // "tenant A"
	Name    string    `json:"name"`
	ID      string    `json:"id"`
	Domain  string    `json:"domain"`
	Admin   account   `json:"admin"`
	Others  []account `json:"others"`
	Tool    client    `json:"tool"` // what the lab itself seeds with
	Members int       `json:"members"`
	Seeded  bool      `json:"seeded"`

	Subscription string `json:"subscription"`
}

// An account is a person who can sign in.
type account struct {
	UPN      string `json:"upn"`
	Password string `json:"password"`
	Role     string `json:"role"`
}

// A client is an application with what proves it.
type client struct {
	ID      string `json:"id"`
	Object  string `json:"object,omitempty"` // of its service principal
	Secret  string `json:"secret,omitempty"`
	PEMFile string `json:"pemFile,omitempty"`
}

// A chain is what stands between the workload of A and the users of B.
type chain struct {
	IdentityResource string `json:"identityResource"`
	IdentityClient   string `json:"identityClient"`
	IdentityObject   string `json:"identityObject"`
	OtherResource    string `json:"otherResource"`
	OtherClient      string `json:"otherClient"`
	AppObject        string `json:"appObject"`
	AppID            string `json:"appId"`
	Credential       string `json:"credential"`
	PrincipalInB     string `json:"principalInB"`
}

// A host is the automation account with the identity endpoint on its machine.
type host struct {
	Resource string `json:"resource"`
	State    string `json:"state"`    // file with the host's key
	Endpoint string `json:"endpoint"` // IDENTITY_ENDPOINT
	Header   string `json:"header"`   // IDENTITY_HEADER
	Base     string `json:"base"`     // of the metadata endpoint, http://host:port
}

// A worker is what runs tenant A's runbooks.
type worker struct {
	State string `json:"state"` // file with its key
	User  string `json:"user"`  // as whom scripts run, or "" for whoever started the lab
}

// A sample is tenant B's own API.
type sample struct {
	Object    string `json:"object"`
	AppID     string `json:"appId"`
	Principal string `json:"principal"`
	URI       string `json:"uri"`
	Role      string `json:"role"`
	URL       string `json:"url"`
}

// A desk is tenant A's own web application.
type desk struct {
	Object    string `json:"object"`
	AppID     string `json:"appId"`
	Principal string `json:"principal"`
	RoleID    string `json:"roleId"`
	Identity  string `json:"identity"` // client id of the managed identity that proves it
	Group     string `json:"group"`
	URL       string `json:"url"`
	ByRole    string `json:"byRole"`  // who may use it by the app role
	ByGroup   string `json:"byGroup"` // and by the group
}

func worldFile(data string) string { return filepath.Join(data, "lab.json") }

// Holds reports whether a folder is a lab's, so that nothing else is kept in it.
func Holds(data string) bool {
	_, err := os.Stat(worldFile(data))
	return err == nil
}

// loadWorld returns what a lab kept in data. A folder without a lab is a fresh
// world; a folder with anything else in it is refused, so that --reset can never
// empty a folder that is no lab's.
func loadWorld(data string) (*world, error) {
	text, err := os.ReadFile(worldFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return &world{Format: worldFormat}, checkEmpty(data)
	}
	if err != nil {
		return nil, err
	}
	w := &world{}
	if err := json.Unmarshal(text, w); err != nil {
		return nil, fmt.Errorf("%s: %w", worldFile(data), err)
	}
	if w.Format != worldFormat {
		return nil, fmt.Errorf("the lab in %s was made by another version of this program; begin anew with --reset", data)
	}
	return w, nil
}

func checkEmpty(data string) error {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty and holds no lab; name another folder with --data", data)
	}
	return err
}

// reset removes the lab in data, and nothing that is no lab.
func reset(data string) error {
	if !Holds(data) {
		return checkEmpty(data)
	}
	return os.RemoveAll(data)
}

// save keeps the world, as a whole or not at all.
func (w *world) save(data string) error {
	text, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return err
	}
	next := worldFile(data) + ".new"
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(next, worldFile(data))
}
