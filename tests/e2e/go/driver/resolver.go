package driver

import (
	"context"
	"encoding/binary"
	"io"
	"net"

	"golang.org/x/net/dns/dnsmessage"
)

// resolveNamesToThisMachine answers the process's own DNS queries, so that an SDK keeps its own HTTP client.
func resolveNamesToThisMachine() {
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			resolver, server := net.Pipe()
			go answerQueries(server)
			return resolver, nil
		},
	}
}

// answerQueries reads and writes DNS messages as over TCP, each after its length (RFC 1035, section 4.2.2).
func answerQueries(connection net.Conn) {
	defer connection.Close()
	for {
		var length uint16
		if err := binary.Read(connection, binary.BigEndian, &length); err != nil {
			return
		}
		query := make([]byte, length)
		if _, err := io.ReadFull(connection, query); err != nil {
			return
		}
		reply, err := loopback(query)
		if err != nil {
			return
		}
		framed := binary.BigEndian.AppendUint16(nil, uint16(len(reply)))
		if _, err := connection.Write(append(framed, reply...)); err != nil {
			return
		}
	}
}

func loopback(query []byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil {
		return nil, err
	}
	message.Header.Response = true
	message.Additionals = nil
	for _, question := range message.Questions {
		if question.Type == dnsmessage.TypeA {
			header := dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class}
			body := &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: body})
		}
	}
	return message.Pack()
}
