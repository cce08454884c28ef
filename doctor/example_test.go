package doctor_test

import (
	"fmt"

	"github.com/Iyalvan/mlops-track/doctor"
)

func ExampleRender() {
	fmt.Print(doctor.Render(doctor.Finding{Check: "server", Level: doctor.OK, Text: "https://mlflow.example.com"}))
	fmt.Print(doctor.Render(doctor.Finding{
		Check: "token", Level: doctor.Fail, Text: "this job cannot ask for an OIDC token", Fix: "permissions:\n  id-token: write",
	}))
	// Output:
	// ok    server      https://mlflow.example.com
	// fail  token       this job cannot ask for an OIDC token
	//                   permissions:
	//                     id-token: write
}
